//! Whether a catalog still holds: every read of its trace, asked again.

use bunraku_catalog::{AnswerDigest, Broken, ExportQuery, Read, Trace, exported_digest};
use bunraku_hiera::{DataFormat, DataSource};

use crate::inputs::Inputs;
use crate::recorder::{existence_digest, file_digest, listing_digest, metadata_digest};

/// Asks `inputs` every question of `trace` again. The catalog holds when each answer is the same.
///
/// The clock and random numbers never answer the same; an input that can't be read any more, or a
/// read that this compiler does not know how to repeat, counts as broken, so that the compile says why.
/// Which pre-built catalogs there are is the caller's to ask: no compile reads it.
///
/// # Errors
/// The reads that answer otherwise now.
pub fn verify(trace: &Trace, inputs: &dyn Inputs) -> Result<(), Vec<Broken>> {
    trace.holds_by(|read| match read {
        Read::Prebuilt | Read::Release => None,
        read => Some(answer(read, inputs).unwrap_or_else(unanswerable)),
    })
}

/// Whether what a trace read of the code still answers the same; `inputs` is asked for nothing that
/// a node says of itself.
///
/// # Errors
/// The broken reads, in order.
pub fn verify_code(trace: &Trace, inputs: &dyn Inputs) -> Result<(), Vec<Broken>> {
    trace.holds_by(|read| match read {
        Read::Fact(_) | Read::Trusted(_) | Read::ServerFact(_) | Read::Prebuilt | Read::Release => {
            None
        }
        code => Some(answer(code, inputs).unwrap_or_else(unanswerable)),
    })
}

/// A digest that no recorded answer has.
fn unanswerable() -> AnswerDigest {
    AnswerDigest::of_bytes(b"no answer")
}

fn answer(read: &Read, inputs: &dyn Inputs) -> Option<AnswerDigest> {
    Some(match read {
        Read::Fact(path) => AnswerDigest::of_value_option(inputs.fact(path).as_ref()),
        Read::Trusted(path) => AnswerDigest::of_value_option(inputs.trusted(path).as_ref()),
        Read::ServerFact(path) => AnswerDigest::of_value_option(inputs.server_fact(path).as_ref()),
        Read::File(path) => file_digest(inputs.file(path).ok()?.as_ref()),
        Read::Exists(path) => existence_digest(inputs.exists(path).ok()?),
        Read::Listing(path) => listing_digest(inputs.listing(path).ok()?.as_deref()),
        Read::Data { path, key } => {
            let format = if path.ends_with(".json") {
                DataFormat::Json
            } else {
                DataFormat::Yaml
            };
            let source = DataSource {
                path,
                display_path: path,
                format,
            };
            AnswerDigest::of_value_option(inputs.data(&source, key).ok()?.as_ref())
        }
        Read::FileMetadata(path) => metadata_digest(inputs.file_metadata(path).ok()?.as_ref()),
        Read::Exported(query) => {
            let query: ExportQuery = query.parse().ok()?;
            exported_digest(&inputs.exported(&query).ok()?)
        }
        Read::Setting(_)
        | Read::Classification(_)
        | Read::Prebuilt
        | Read::Release
        | Read::Clock
        | Read::Random
        | Read::Environment(_) => return None,
    })
}
