//! Subscribers that are slow, break off, and come back: no gap, and nothing twice.
