//! What a subscription sends: a delivery that many subscribers get is encoded once for all.

use std::sync::Arc;

use bytes::{Buf, BufMut, BytesMut};
use prost::encoding::{DecodeContext, WireType};
use prost::{DecodeError, EncodeError, Message};

use crate::store::Delivery;

use super::delivery_bytes::DeliveryBytes;
use super::pb::SubscribeResponse;

/// A `SubscribeResponse` on its way out; stands in for it in the generated server.
#[derive(Debug)]
pub enum SentFrame {
    /// A message; others may get the same.
    Delivery(Arc<Delivery>),
    /// Everything else.
    Other(Box<SubscribeResponse>),
}

impl Message for SentFrame {
    fn encode_raw(&self, buffer: &mut impl BufMut) {
        match self {
            Self::Delivery(delivery) if Arc::strong_count(delivery) == 1 => {
                DeliveryBytes::of(delivery).write(buffer);
            }
            Self::Delivery(shared) => buffer.put_slice(shared.encoded(|delivery| {
                let bytes = DeliveryBytes::of(delivery);
                let mut encoded = BytesMut::with_capacity(bytes.len());
                bytes.write(&mut encoded);
                encoded.freeze()
            })),
            Self::Other(frame) => frame.encode_raw(buffer),
        }
    }

    /// As the provided one, without a look at the length first: a buffer here grows.
    fn encode(&self, buffer: &mut impl BufMut) -> Result<(), EncodeError> {
        self.encode_raw(buffer);
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        match self {
            Self::Delivery(delivery) => DeliveryBytes::of(delivery).len(),
            Self::Other(frame) => frame.encoded_len(),
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match self {
            Self::Other(frame) => frame.merge_field(tag, wire_type, buffer, context),
            // A server decodes no frames; the trait asks for this all the same.
            Self::Delivery(_) => prost::encoding::skip_field(wire_type, tag, buffer, context),
        }
    }

    fn clear(&mut self) {
        *self = Self::Other(Box::default());
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{BusId, Cursor, Integrity, Link, Parent};
    use crate::grpc::{convert, pb};

    fn messages() -> impl Strategy<Value = crate::domain::Message> {
        let text = || "[a-zé]{0,200}";
        let meta = || proptest::collection::btree_map("[a-z]{0,3}", text(), 0..3);
        let parent =
            (text(), text(), meta()).prop_map(|(msg_id, kind, meta)| Parent { msg_id, kind, meta });
        let link =
            (text(), text(), text()).prop_map(|(url, label, kind)| Link { url, label, kind });
        let texts = proptest::collection::vec(text(), 8);
        let lists = (
            proptest::collection::vec(parent, 0..3),
            proptest::collection::vec(link, 0..3),
            meta(),
            proptest::collection::vec(any::<u8>(), 0..300),
        );
        let ts = proptest::option::of((-2_000_000_000i64..2_000_000_000, 0..1_000_000_000));
        let integrity = prop_oneof![
            Just(Integrity::Verified),
            Just(Integrity::Unchecked),
            Just(Integrity::Modified),
            Just(Integrity::Synthetic),
        ];
        (texts, lists, ts, integrity).prop_map(|(texts, lists, ts, integrity)| {
            let mut texts = texts.into_iter();
            let mut text = || texts.next().unwrap_or_default();
            let (parents, links, meta, body) = lists;
            crate::domain::Message {
                msg_id: text(),
                ts: ts.map(|(second, nanosecond)| {
                    Timestamp::new(second, nanosecond).expect("a time of this age")
                }),
                kind: text(),
                project_id: text(),
                task_id: text(),
                run_id: text(),
                issue_id: text(),
                parents,
                links,
                meta,
                attachment_path: text(),
                body,
                request_id: text(),
                integrity,
            }
        })
    }

    proptest! {
        #[test]
        fn a_delivery_is_sent_as_the_generated_types_would_send_it(
            message in messages(),
            task in "[a-z]{0,9}",
            offset in any::<u64>(),
        ) {
            let bus = BusId::parse("demo", &task).expect("a good name");
            let cursor = Cursor::After { offset, msg_id: "MSG-1 %".to_owned() };
            let expected = pb::SubscribeResponse {
                frame: Some(pb::subscribe_response::Frame::Message(
                    pb::subscribe_response::Delivery {
                        message: Some(convert::message(message.clone())),
                        cursor: cursor.to_string(),
                        project_id: "demo".to_owned(),
                        task_id: task,
                    },
                )),
            };
            let delivery = Arc::new(Delivery::new(bus, message, cursor));
            let alone = SentFrame::Delivery(Arc::clone(&delivery)).encode_to_vec();
            let frame = SentFrame::Delivery(delivery);
            for sent in [alone, frame.encode_to_vec()] {
                prop_assert_eq!(sent.len(), expected.encoded_len());
                prop_assert_eq!(SubscribeResponse::decode(&*sent).expect("a frame"), expected.clone());
            }
            prop_assert_eq!(frame.encoded_len(), expected.encoded_len());
        }
    }
}
