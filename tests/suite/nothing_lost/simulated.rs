//! A disk in memory that knows what is synced, and can lose power at any of its operations.
