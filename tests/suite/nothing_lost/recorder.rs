//! A recorder of every frame of a subscription, and what must hold of what it recorded.
