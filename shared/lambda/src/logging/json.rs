//! Events and the spans around them as flat JSON objects.

use std::error::Error;
use std::fmt::Debug;
use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Writes each event as one line. Fields of inner spans win over those of outer ones, the event's
/// own win over all.
pub(super) struct JsonLines<W> {
    about: Map<String, Value>,
    writer: W,
}

impl<W> JsonLines<W> {
    /// A layer whose lines all hold `about`, as far as it is known.
    pub(super) fn new<const N: usize>(about: [(&str, Option<String>); N], writer: W) -> Self {
        let known = about.into_iter();
        let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Self {
            about: known.collect(),
            writer,
        }
    }
}

/// The fields of a span or an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let metadata = event.metadata();
        let mut line = Map::new();
        let mut set = |name: &str, value: Value| line.insert(name.to_owned(), value);
        set("time", format!("{:.3}", Timestamp::now()).into());
        set("level", metadata.level().as_str().into());
        set("message", own.0.remove("message").unwrap_or_default());
        line.extend(self.about.clone());
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.extend(fields.0.clone());
            }
        }
        line.extend(own.0);
        line.insert("target".to_owned(), metadata.target().into());
        let mut text = Value::from(line).to_string();
        text.push('\n');
        // Whoever can't write its log has no place to say so.
        let _ = self
            .writer
            .make_writer_for(metadata)
            .write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let about = [
            ("function", Some("farm-compile".to_owned())),
            ("version", None),
        ];
        let layer = JsonLines::new(about, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_holds_its_own_fields_and_those_of_the_spans() {
        let lines = logged(|| {
            let invocation = tracing::info_span!("invocation", request_id = "r1", trace = "outer");
            let _invocation = invocation.enter();
            let item =
                tracing::info_span!("compile", trace = "inner", node = tracing::field::Empty);
            item.record("node", "web1");
            item.in_scope(|| tracing::warn!(count = 3, done = false, "it {}", "failed\nbadly"));
            tracing::info!("bare");
        });
        let line = &lines[0];
        for (name, value) in [
            ("level", Value::from("WARN")),
            ("message", "it failed\nbadly".into()),
            ("function", "farm-compile".into()),
            ("request_id", "r1".into()),
            ("trace", "inner".into()),
            ("node", "web1".into()),
            ("count", 3.into()),
            ("done", false.into()),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
        assert!(line.get("version").is_none());
        assert!(line["time"].as_str().unwrap().parse::<Timestamp>().is_ok());
        assert_eq!(
            (&lines[1]["trace"], lines[1].get("node")),
            (&"outer".into(), None)
        );
    }
}
