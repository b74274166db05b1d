//! Plain scalars: `Psych::ScalarScanner#tokenize`, rule by rule in its order.

use super::tree::Data;

/// What a plain scalar is.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Data(Data),
    /// A class that Puppet does not permit.
    Class(&'static str),
    /// Ruby's own error for a number it recognised and can't convert.
    Invalid(String),
}

impl From<Data> for Token {
    fn from(data: Data) -> Self {
        Self::Data(data)
    }
}

pub(super) fn tokenize(text: &str) -> Token {
    if text.is_empty() {
        return Data::Null.into();
    }
    if is_wordlike(text) {
        return word(text).into();
    }
    if is_time(text) {
        return Token::Class("Time");
    }
    if is_date(text) {
        return Token::Class("Date");
    }
    if text.eq_ignore_ascii_case(".inf") || text.eq_ignore_ascii_case("+.inf") {
        return Data::Float(f64::INFINITY).into();
    }
    if text.eq_ignore_ascii_case("-.inf") {
        return Data::Float(f64::NEG_INFINITY).into();
    }
    if text.eq_ignore_ascii_case(".nan") {
        return Data::Float(f64::NAN).into();
    }
    if let Some(name) = text.strip_prefix(':')
        && !name.is_empty()
    {
        return Data::Symbol(symbol_name(name).into()).into();
    }
    if let Some(token) = sexagesimal(text) {
        return token;
    }
    if let Some(token) = float(text) {
        return token;
    }
    integer(text).unwrap_or_else(|| Data::Str(text.into()).into())
}

/// `%r{^[^\d.:-]?[[:alpha:]_\s!@#$%\^&*(){}<>|/\\~;=]+}` or any newline.
fn is_wordlike(text: &str) -> bool {
    fn in_set(character: char) -> bool {
        character.is_alphabetic()
            || matches!(
                character,
                '_' | ' '
                    | '\t'
                    | '\r'
                    | '\n'
                    | '\x0b'
                    | '\x0c'
                    | '!'
                    | '@'
                    | '#'
                    | '$'
                    | '%'
                    | '^'
                    | '&'
                    | '*'
                    | '('
                    | ')'
                    | '{'
                    | '}'
                    | '<'
                    | '>'
                    | '|'
                    | '/'
                    | '\\'
                    | '~'
                    | ';'
                    | '='
            )
    }
    if text.contains('\n') {
        return true;
    }
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return false;
    };
    in_set(first)
        || (!first.is_ascii_digit()
            && !matches!(first, '.' | ':' | '-')
            && characters.next().is_some_and(in_set))
}

/// Words: `true` and its kin only in up to five characters, and at any line as Ruby's `^` and `$` go.
fn word(text: &str) -> Data {
    let any_line = |words: &[&str]| {
        text.split('\n')
            .any(|line| words.iter().any(|word| line.eq_ignore_ascii_case(word)))
    };
    let starts_otherwise = |line: &str| {
        line.chars().next().is_some_and(|first| {
            !matches!(
                first.to_ascii_lowercase(),
                'y' | 't' | 'o' | 'n' | 'f' | '~'
            )
        })
    };
    // An empty line that another follows starts with a newline, which is another character.
    let blank_line = text.starts_with('\n') || text.contains("\n\n");
    if text.chars().count() > 5 || blank_line || text.split('\n').any(starts_otherwise) {
        return Data::Str(text.into());
    }
    if text == "~" || any_line(&["null"]) {
        Data::Null
    } else if any_line(&["yes", "true", "on"]) {
        Data::Bool(true)
    } else if any_line(&["no", "false", "off"]) {
        Data::Bool(false)
    } else {
        Data::Str(text.into())
    }
}

/// `:"a b"`, `:'a'` and `:a`; a second colon is dropped within quotes.
fn symbol_name(name: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = name.strip_prefix(quote)
            && let Some(end) = inner.rfind(quote)
        {
            let inner = inner.get(..end).unwrap_or(inner);
            return inner.strip_prefix(':').unwrap_or(inner);
        }
    }
    name
}

/// Splits off `least..=most` digits.
fn digits(text: &str, least: usize, most: usize) -> Option<(&str, &str)> {
    let count = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    (count >= least).then(|| text.split_at(count))
}

/// `-?\d{4}-\d{1,2}-\d{1,2}`, then `T` or blanks, then a time with an optional zone.
fn is_time(text: &str) -> bool {
    time_of(text).is_some()
}

fn time_of(text: &str) -> Option<()> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (_, rest) = digits(text, 4, 4)?;
    let (_, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (_, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let rest = match rest.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None => {
            let trimmed = rest.trim_start_matches([' ', '\t', '\x0b', '\x0c', '\r']);
            (trimmed.len() < rest.len()).then_some(trimmed)?
        }
    };
    let (_, rest) = digits(rest, 1, 2)?;
    let (_, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let (_, rest) = digits(rest.strip_prefix(':')?, 2, 2)?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => digits(fraction, 0, usize::MAX)?.1,
        None => rest,
    };
    if rest.is_empty() {
        return Some(());
    }
    let zone = rest.trim_start_matches([' ', '\t', '\x0b', '\x0c', '\r']);
    if zone == "Z" {
        return Some(());
    }
    let (_, rest) = digits(zone.strip_prefix(['-', '+'])?, 1, 2)?;
    let minutes = rest.strip_prefix(':').unwrap_or(rest);
    let fits = minutes.is_empty() || digits(minutes, 2, 2).is_some_and(|(_, rest)| rest.is_empty());
    fits.then_some(())
}

/// `\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)`
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let number = |part: &str| -> Option<u8> {
        let fits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse().ok()).flatten()
    };
    year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && number(month).is_some_and(|month| month <= 12)
        && number(day).is_some_and(|day| day <= 31)
}

/// `1:30`, `1:30:00`, `1:30.5`: Psych counts the first part as hours also when there are two.
fn sexagesimal(text: &str) -> Option<Token> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1i64, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts: Vec<&str> = unsigned.split(':').collect();
    let (first, rest) = parts.split_first()?;
    if !(1..=2).contains(&rest.len())
        || !first.starts_with(|c: char| c.is_ascii_digit())
        || !first
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return None;
    }
    let (last, middle) = rest.split_last()?;
    let is_sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    if !middle.iter().all(|part| is_sixty(part)) {
        return None;
    }
    let weight = |index: usize| -> i64 { [3600, 60, 1].get(index).copied().unwrap_or(1) };
    if is_sixty(last) {
        let Some(hours) = leading_int(first) else {
            return Some(Data::Str(text.into()).into());
        };
        let mut sum = i128::from(sign) * i128::from(hours) * 3600;
        for (index, part) in rest.iter().enumerate() {
            sum += i128::from(part.parse::<i64>().unwrap_or(0) * weight(index + 1));
        }
        return Some(big(sum).into());
    }
    let (seconds, fraction) = last.split_once('.')?;
    if !is_sixty(seconds)
        || !fraction
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return None;
    }
    let mut sum = sign as f64 * leading_int(first).unwrap_or(i64::MAX) as f64 * 3600.0;
    for (index, part) in rest.iter().enumerate() {
        sum += leading_float(part) * weight(index + 1) as f64;
    }
    Some(Data::Float(sum).into())
}

/// `String#to_i` of digits and underscores: two underscores end the number.
fn leading_int(text: &str) -> Option<i64> {
    let end = text.find("__").unwrap_or(text.len());
    text.get(..end)?.replace('_', "").parse().ok()
}

/// `String#to_f` of digits, one dot and underscores.
fn leading_float(text: &str) -> f64 {
    let text = text.split_once("__").map_or(text, |(head, _)| head);
    let text = match text.split_once("._") {
        Some((head, _)) => head,
        None => text,
    };
    text.replace('_', "").parse().unwrap_or(0.0)
}

/// `[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?`
fn float(text: &str) -> Option<Token> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, rest) = unsigned.split_once('.')?;
    if !whole.is_empty()
        && (!whole.starts_with(|c: char| c.is_ascii_digit())
            || !whole
                .bytes()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b',')))
    {
        return None;
    }
    let (fraction, exponent) = digits(rest, 0, usize::MAX)?;
    if let Some(exponent) = exponent.strip_prefix(['e', 'E']) {
        let (_, end) = digits(exponent.strip_prefix(['-', '+'])?, 1, usize::MAX)?;
        if !end.is_empty() {
            return None;
        }
    } else if !exponent.is_empty() {
        return None;
    }
    if unsigned == "." {
        return Some(Data::Str(text.into()).into());
    }
    let mut cleaned = text.replace([',', '_'], "");
    if fraction.is_empty() {
        // `gsub(/\.([Ee]|$)/, '\1')`
        cleaned = cleaned.replacen('.', "", 1);
        if whole.is_empty() {
            return Some(Token::Invalid(format!(
                "invalid value for Float(): {}",
                crate::ruby::inspect(&bunraku_pcore::Value::from(cleaned))
            )));
        }
    }
    Some(match cleaned.parse::<f64>() {
        Ok(number) => Data::Float(number).into(),
        Err(_) => Token::Invalid(format!("invalid value for Float(): \"{cleaned}\"")),
    })
}

/// `INTEGER_LEGACY`, then `Integer(text.delete(',_'))`.
fn integer(text: &str) -> Option<Token> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let all = |part: &str, allowed: fn(u8) -> bool| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| allowed(byte) || matches!(byte, b'_' | b','))
    };
    let (radix, digits) = if let Some(rest) = unsigned
        .strip_prefix("0b")
        .filter(|rest| all(rest, |byte| matches!(byte, b'0' | b'1')))
    {
        (2, rest)
    } else if let Some(rest) = unsigned
        .strip_prefix("0x")
        .filter(|rest| all(rest, |byte| byte.is_ascii_hexdigit()))
    {
        (16, rest)
    } else if let Some(rest) = unsigned
        .strip_prefix('0')
        .filter(|rest| all(rest, |byte| (b'0'..=b'7').contains(&byte)))
    {
        (8, rest)
    } else if is_decimal(unsigned) {
        (10, unsigned)
    } else {
        return None;
    };
    let digits = digits.replace([',', '_'], "");
    if digits.is_empty() {
        // `0_` is 0 in Ruby; `0x_` is nothing.
        if radix == 8 {
            return Some(Data::Int(0).into());
        }
        let cleaned = text.replace([',', '_'], "");
        return Some(Token::Invalid(format!(
            "invalid value for Integer(): \"{cleaned}\""
        )));
    }
    Some(match i128::from_str_radix(&digits, radix) {
        Ok(number) => big(if negative { -number } else { number }).into(),
        Err(_) => Data::BigInt(text.replace([',', '_'], "").into()).into(),
    })
}

/// `0|[1-9](?:[0-9]|,[0-9]|_[0-9])*`
fn is_decimal(text: &str) -> bool {
    if text == "0" {
        return true;
    }
    let mut separated = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'0' if index == 0 => return false,
            b'0'..=b'9' => separated = false,
            b'_' | b',' if index > 0 && !separated => separated = true,
            _ => return false,
        }
    }
    !text.is_empty() && !separated
}

fn big(number: i128) -> Data {
    match i64::try_from(number) {
        Ok(number) => Data::Int(number),
        Err(_) => Data::BigInt(number.to_string().into()),
    }
}
