//! The backend traits, in domain words: what the services need, and what every
//! backend promises. The embedded backend is `files`.

mod message_bus;

pub use message_bus::{
    AppendBatch, AppendTicket, Appended, Archives, BusPage, BusSummary, Filter, Frame, FrameStream,
    MessageBus, ReadPage, ReadQuery, ReadStart, Scope, Start, Subscription, Trimmed,
};
