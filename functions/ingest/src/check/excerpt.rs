//! The line of an error with carets below.

/// Lines shown before the one with the error.
const BEFORE: usize = 2;
/// Longest line shown, in characters.
const WIDTH: usize = 200;

/// Plain text such as
///
/// ```text
///   2 | class a {
///   3 |   $x = = 1
///     |        ^
/// ```
///
/// `line` and `column` start at 1, the column and `length` count characters. `None` when there is no
/// such line.
pub fn excerpt(text: &str, line: u32, column: u32, length: usize) -> Option<String> {
    use std::fmt::Write as _;
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.saturating_sub(1);
    let first = line.saturating_sub(BEFORE);
    let lines: Vec<&str> = text
        .split('\n')
        .skip(first)
        .take(line - first + 1)
        .collect();
    let last = lines.get(line - first)?;
    let width = (line + 1).to_string().len().max(3);
    let mut out = String::new();
    for (offset, content) in lines.iter().enumerate() {
        let numbered = format!("{:>width$} | {}", first + offset + 1, clean(content));
        let _ = writeln!(out, "{}", numbered.trim_end());
    }
    if column >= WIDTH {
        return Some(out.trim_end().to_owned());
    }
    let rest = last
        .chars()
        .count()
        .min(WIDTH)
        .saturating_sub(column)
        .max(1);
    let carets = "^".repeat(length.clamp(1, rest));
    let _ = write!(out, "{:>width$} | {}{carets}", "", " ".repeat(column));
    Some(out)
}

/// One column for each character: tabs and control characters become spaces.
fn clean(line: &str) -> String {
    line.chars()
        .take(WIDTH)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_what_is_meant() {
        let text = "a\nclass a {\n\t$é = = 1\n}\n";
        let expected = "  1 | a\n  2 | class a {\n  3 |  $é = = 1\n    |       ^";
        assert_eq!(excerpt(text, 3, 7, 1).unwrap(), expected);
    }

    #[test]
    fn places_outside_the_text_do_no_harm() {
        assert_eq!(excerpt("a", 7, 1, 1), None);
        assert_eq!(excerpt("a", 0, 1, 1), None);
        assert_eq!(excerpt("", 1, 1, 0).unwrap(), "  1 |\n    | ^");
        assert!(excerpt("a", 1, 5000, 9).is_some());
        assert!(excerpt("a", u32::MAX, u32::MAX, usize::MAX).is_none());
    }
}
