//! Aligned columns, printed page by page as a list comes.

use super::escape;
use super::failure::Failure;
use super::json::Described;
use super::output::Output;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    /// How wide it is at least, in characters.
    width: usize,
    right: bool,
}

/// A column of text.
pub(super) const fn text(title: &'static str, width: usize) -> Column {
    Column { title, width, right: false }
}

/// A column of numbers.
pub(super) const fn number(title: &'static str, width: usize) -> Column {
    Column { title, width, right: true }
}

/// A line of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// What stands in each column, as it is stored: the table makes it safe to show.
    pub(super) cells: Vec<String>,
    /// What is wrong with it, for an indented line below.
    pub(super) problem: String,
}

/// A table whose rows come in pages. The first page with rows is headed by the
/// titles; columns grow with what comes, and never shrink.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    headed: bool,
    /// Where lines end, if the screen says so.
    line_chars_max: Option<usize>,
}

impl Table {
    /// Makes an empty table.
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns, headed: false, line_chars_max: None }
    }

    /// Cuts lines off at so many characters, if they are given.
    pub(super) fn cut_at(self, line_chars_max: Option<usize>) -> Self {
        Self { line_chars_max, ..self }
    }

    /// Prints a page of messages: as JSON, or as rows. The reader has it then.
    pub(super) fn print_page<M: Described>(
        &mut self,
        output: &mut Output,
        messages: &[M],
        row: impl Fn(&M) -> Row,
    ) -> Result<(), Failure> {
        if output.is_json() {
            messages.iter().try_for_each(|message| output.print(message, |_| String::new()))?;
        } else if !messages.is_empty() {
            let rows: Vec<Row> = messages.iter().map(row).collect();
            output.print_text(&self.page(&rows))?;
        }
        output.flush()
    }

    /// Returns the lines of further rows.
    pub(super) fn page(&mut self, rows: &[Row]) -> String {
        let mut lines: Vec<Vec<String>> = Vec::new();
        for row in rows {
            lines.push(row.cells.iter().map(|cell| shown(cell)).collect());
        }
        for (index, column) in self.columns.iter_mut().enumerate() {
            let cells = lines.iter().filter_map(|line| line.get(index));
            let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            column.width = column.width.max(widest).max(column.title.len());
        }
        let mut page = String::new();
        if !self.headed && !rows.is_empty() {
            self.headed = true;
            let titles: Vec<String> =
                self.columns.iter().map(|column| column.title.to_owned()).collect();
            self.push_line(&mut page, &titles);
        }
        for (row, line) in rows.iter().zip(&lines) {
            self.push_line(&mut page, line);
            if !row.problem.is_empty() {
                page.push_str(&format!("  problem: {}\n", escape::line(&row.problem)));
            }
        }
        page
    }

    fn push_line(&self, page: &mut String, cells: &[String]) {
        let mut line = String::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            let width = column.width;
            if !line.is_empty() {
                line.push_str("  ");
            }
            if column.right {
                line.push_str(&format!("{cell:>width$}"));
            } else {
                line.push_str(&format!("{cell:width$}"));
            }
        }
        let line = line.trim_end();
        match self.line_chars_max {
            Some(most) => page.push_str(&cut(line, most)),
            None => page.push_str(line),
        }
        page.push('\n');
    }
}

/// Returns what stands in a cell; nothing is a dash.
fn shown(cell: &str) -> String {
    if cell.is_empty() { "-".to_owned() } else { escape::line(cell).into_owned() }
}

/// Returns text of at most `most` characters; one that is cut ends with `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: [&str; 3]) -> Row {
        Row { cells: cells.map(Into::into).into(), ..Row::default() }
    }

    fn table() -> Table {
        Table::new(vec![text("NAME", 4), number("SIZE", 6), text("WORD", 4)])
    }

    #[test]
    fn the_columns_of_later_pages_grow_and_only_the_first_is_headed() {
        let mut table = table();
        assert_eq!(table.page(&[]), "");
        assert_eq!(
            table.page(&[row(["a", "1", ""]), row(["long\x1b", "22", "w"])]),
            "NAME        SIZE  WORD\na              1  -\nlong\\x1b      22  w\n"
        );
        assert_eq!(table.page(&[row(["b", "1234567", "w"])]), "b         1234567  w\n");
    }

    #[test]
    fn problems_stand_on_a_line_of_their_own() {
        let damaged = Row { problem: "line 3:\nno colon".into(), ..row(["a", "1", "w"]) };
        assert!(table().page(&[damaged]).ends_with("w\n  problem: line 3:\\nno colon\n"));
    }

    #[test]
    fn lines_end_with_the_screen() {
        let mut table = table().cut_at(Some(17));
        let page = table.page(&[row(["a", "1", "wo"]), row(["b", "2", "words"])]);
        assert_eq!(page, "NAME    SIZE  WO…\na          1  wo\nb          2  wo…\n");
    }
}
