//! The bytes of a delivery, right from the domain: whoever replays a bus gets a million of
//! them, and the generated types would copy each text twice on the way.
//!
//! The numbers of the fields are those of `SubscribeResponse`, `Delivery` and `Message` in
//! message_bus.proto; a test compares the bytes with those that the generated types make.

use std::borrow::Cow;

use bytes::BufMut;
use prost::encoding::{self, WireType, encode_varint, encoded_len_varint, key_len};

use crate::domain::Message;
use crate::store::Delivery;

use super::convert;

/// A delivery with the lengths of its parts, which stand before them.
pub(super) struct DeliveryBytes<'a> {
    delivery: &'a Delivery,
    cursor: String,
    body: Cow<'a, str>,
    message_length: usize,
    delivery_length: usize,
}

impl<'a> DeliveryBytes<'a> {
    pub(super) fn of(delivery: &'a Delivery) -> Self {
        let body = convert::text(&delivery.message.body);
        let cursor = delivery.cursor.to_string();
        let mut bytes = Self { delivery, cursor, body, message_length: 0, delivery_length: 0 };
        let mut length = Length(0);
        bytes.message_fields(&mut length);
        bytes.message_length = length.0;
        let mut length = Length(0);
        bytes.delivery_fields(&mut length);
        bytes.delivery_length = length.0;
        bytes
    }

    /// Returns how many bytes they are.
    pub(super) fn len(&self) -> usize {
        let mut length = Length(0);
        length.nested(2, self.delivery_length, |_| {});
        length.0
    }

    /// Writes them.
    pub(super) fn write(&self, buffer: &mut impl BufMut) {
        Written(buffer).nested(2, self.delivery_length, |out| self.delivery_fields(out));
    }

    fn delivery_fields(&self, out: &mut impl Output) {
        out.nested(1, self.message_length, |out| self.message_fields(out));
        out.text(2, &self.cursor);
        out.text(3, self.delivery.bus.project.as_str());
        out.text(4, self.delivery.bus.task_str());
    }

    fn message_fields(&self, out: &mut impl Output) {
        let message: &Message = &self.delivery.message;
        out.text(1, &message.msg_id);
        if let Some(ts) = message.ts {
            out.message(2, &convert::timestamp_out(ts));
        }
        out.text(3, &message.kind);
        out.text(4, &message.project_id);
        out.text(5, &message.task_id);
        out.text(6, &message.run_id);
        out.text(7, &message.issue_id);
        for parent in &message.parents {
            out.message(8, &convert::parent(parent.clone()));
        }
        for link in &message.links {
            out.message(9, &convert::link(link.clone()));
        }
        for (key, value) in &message.meta {
            let pair = |out: &mut dyn FnMut(u32, &str)| {
                out(1, key);
                out(2, value);
            };
            let mut length = Length(0);
            pair(&mut |tag, text| length.text(tag, text));
            out.nested(10, length.0, |out| pair(&mut |tag, text| out.text(tag, text)));
        }
        out.text(11, &message.attachment_path);
        out.text(12, &self.body);
        out.text(13, &message.request_id);
        out.number(14, convert::integrity(message.integrity) as u64);
    }
}

/// Where fields go: into a buffer, or into the count of their bytes.
trait Output: Sized {
    /// Adds a text, unless it is empty.
    fn text(&mut self, tag: u32, text: &str);
    /// Adds a number, unless it is 0.
    fn number(&mut self, tag: u32, number: u64);
    /// Adds a small message that has a type.
    fn message(&mut self, tag: u32, message: &impl prost::Message);
    /// Adds a message of so many bytes.
    fn nested(&mut self, tag: u32, length: usize, fields: impl FnOnce(&mut Self));
}

struct Length(usize);

impl Output for Length {
    fn text(&mut self, tag: u32, text: &str) {
        if !text.is_empty() {
            self.nested(tag, text.len(), |_| {});
        }
    }

    fn number(&mut self, tag: u32, number: u64) {
        if number != 0 {
            self.0 += key_len(tag) + encoded_len_varint(number);
        }
    }

    fn message(&mut self, tag: u32, message: &impl prost::Message) {
        self.nested(tag, message.encoded_len(), |_| {});
    }

    /// The fields are in the length already.
    fn nested(&mut self, tag: u32, length: usize, _: impl FnOnce(&mut Self)) {
        self.0 += key_len(tag) + encoded_len_varint(length as u64) + length;
    }
}

struct Written<'b, B>(&'b mut B);

impl<B: BufMut> Output for Written<'_, B> {
    fn text(&mut self, tag: u32, text: &str) {
        if !text.is_empty() {
            self.nested(tag, text.len(), |out| out.0.put_slice(text.as_bytes()));
        }
    }

    fn number(&mut self, tag: u32, number: u64) {
        if number != 0 {
            encoding::encode_key(tag, WireType::Varint, self.0);
            encode_varint(number, self.0);
        }
    }

    fn message(&mut self, tag: u32, message: &impl prost::Message) {
        self.nested(tag, message.encoded_len(), |out| message.encode_raw(out.0));
    }

    fn nested(&mut self, tag: u32, length: usize, fields: impl FnOnce(&mut Self)) {
        encoding::encode_key(tag, WireType::LengthDelimited, self.0);
        encode_varint(length as u64, self.0);
        fields(self);
    }
}
