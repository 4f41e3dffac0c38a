//! Lists that come page by page.

use super::failure::Failure;

/// What one call asks for: the most that a server gives.
pub(super) const PAGE_SIZE: i32 = 1000;

/// Fetches page after page, by the token of the page before, and hands each on as it
/// comes. Returns how many items there were.
pub(super) async fn each_page<T>(
    mut fetch: impl AsyncFnMut(String) -> Result<(Vec<T>, String), Failure>,
    mut take: impl FnMut(Vec<T>) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let mut count = 0;
    let mut token = String::new();
    loop {
        let (items, next) = fetch(token.clone()).await?;
        count += items.len();
        take(items)?;
        // The same page again would be asked for ever.
        if next.is_empty() || next == token {
            return Ok(count);
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_pages_are_fetched_in_order_empty_ones_too() {
        let pages = async |token: String| {
            Ok(match token.as_str() {
                "" => (vec![1, 2], "a".to_owned()),
                "a" => (Vec::new(), "b".to_owned()),
                _ => (vec![3], String::new()),
            })
        };
        let mut seen = Vec::new();
        let take = |items: Vec<i32>| {
            seen.extend(items);
            Ok(())
        };
        assert_eq!(each_page(pages, take).await, Ok(3));
        assert_eq!(seen, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_server_that_repeats_a_token_is_not_asked_for_ever() {
        let pages = async |_| Ok((vec![()], "same".to_owned()));
        assert_eq!(each_page(pages, |_| Ok(())).await, Ok(2));
    }
}
