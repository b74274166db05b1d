//! Writes the JSON Schemas of all documents and messages into `schemas/`.

#![allow(
    clippy::disallowed_methods,
    reason = "writing files is what this program is for"
)]

use std::fs;
use std::io;
use std::path::Path;

use bunraku_farm::documents::VERSION;
use bunraku_farm::schema::KINDS;

fn main() -> io::Result<()> {
    let directory = format!("schemas/v{VERSION}");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    fs::create_dir_all(&directory)?;
    for kind in KINDS {
        let path = directory.join(kind.name).with_extension("json");
        fs::write(path, kind.text())?;
    }
    Ok(())
}
