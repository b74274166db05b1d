//! The bill as a table.

use super::model::{Line, largest, total};
use crate::console;

/// The lines, a sum for each service, the total and what makes it smaller.
pub(crate) fn table(lines: &[Line], currency: &str) -> String {
    let mut rows = vec![
        ["SERVICE", "FOR", "QUANTITY", "UNIT", "UNIT PRICE", currency]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut services: Vec<&str> = Vec::new();
    for line in lines {
        if !services.contains(&line.service) {
            services.push(line.service);
        }
    }
    for service in services {
        let of_service = || lines.iter().filter(|line| line.service == service);
        rows.extend(of_service().map(|line| {
            vec![
                line.service.to_owned(),
                line.item.to_owned(),
                quantity(line.quantity),
                line.unit.to_owned(),
                unit_price(line.unit_price),
                money(line.sum),
            ]
        }));
        if of_service().count() > 1 {
            let sum = of_service().map(|line| line.sum).sum();
            rows.push(sum_row(&format!("{service}: sum"), sum));
        }
    }
    rows.push(sum_row("TOTAL of a month", total(lines)));
    align_right(&mut rows, &[2, 4, 5]);
    format!("{}\n{}\n", console::table(&rows), lever(lines))
}

/// The largest line, and how to make it smaller, in one line.
pub(crate) fn lever(lines: &[Line]) -> String {
    let sum = total(lines);
    match largest(lines) {
        Some(line) if sum > 0.0 => format!(
            "Biggest lever: {}, {} ({:.0} %): {}",
            line.service,
            line.item,
            100.0 * line.sum / sum,
            line.lever
        ),
        _ => "Biggest lever: none, this costs nothing".to_owned(),
    }
}

fn sum_row(name: &str, sum: f64) -> Vec<String> {
    let mut row = vec![String::new(); 6];
    name.clone_into(&mut row[0]);
    row[5] = money(sum);
    row
}

fn money(sum: f64) -> String {
    format!("{sum:.2}")
}

/// As many digits as a price of a single request needs.
fn unit_price(price: f64) -> String {
    let text = format!("{price:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whole numbers in groups of three; small ones with the digits that matter.
fn quantity(count: f64) -> String {
    if count < 10.0 {
        return format!("{count:.2}");
    }
    let digits = format!("{count:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn align_right(rows: &mut [Vec<String>], columns: &[usize]) {
    for &column in columns {
        let width = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        for row in rows.iter_mut() {
            row[column] = format!("{:>width$}", row[column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(service: &'static str, item: &'static str, quantity: f64, unit_price: f64) -> Line {
        Line {
            service,
            item,
            quantity,
            unit: "requests",
            unit_price,
            sum: quantity * unit_price,
            lever: "ask less",
        }
    }

    #[test]
    fn services_are_summed_and_the_lever_named() {
        let lines = [
            line("S3 GET", "runs", 1_234_567.0, 0.000_000_4),
            line("S3 GET", "pushes", 2.5, 0.000_000_4),
            line("SQS", "pushes", 30_000_000.0, 0.000_000_4),
        ];
        let text = table(&lines, "USD");
        let expected = [
            "SERVICE           FOR       QUANTITY  UNIT      UNIT PRICE    USD",
            "S3 GET            runs     1,234,567  requests   0.0000004   0.49",
            "S3 GET            pushes        2.50  requests   0.0000004   0.00",
            "S3 GET: sum                                                  0.49",
            "SQS               pushes  30,000,000  requests   0.0000004  12.00",
            "TOTAL of a month                                            12.49",
            "",
            "Biggest lever: SQS, pushes (96 %): ask less",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn no_lines_are_no_lever() {
        assert!(lever(&[]).contains("costs nothing"));
    }
}
