//! Random bits of the system: for request ids, and to spread what many do at once.

/// Makes a request id that no other call has: 128 random bits, as 32 hex digits.
#[must_use]
pub fn request_id() -> String {
    bits::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a number from 0 up to 1.
pub(crate) fn fraction() -> f64 {
    f64::from(u32::from_le_bytes(bits())) / (f64::from(u32::MAX) + 1.0)
}

fn bits<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bits");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_request_ids_are_the_same() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }
}
