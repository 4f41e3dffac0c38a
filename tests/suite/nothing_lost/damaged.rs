//! Bytes of a bus that were flipped or cut: damage is found, and hides nothing else.
