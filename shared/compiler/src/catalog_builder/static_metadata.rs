//! Static catalogs: what the agent would ask about the files it manages is written into the catalog
//! (`Puppet::Resource::Catalog::Compiler#inline_metadata`).

use bunraku_catalog::{Catalog, Checksum, FileKind, FileMetadata as Inlined};
use bunraku_pcore::{Value, to_display_string};
use ecow::EcoString;
use indexmap::IndexMap;

use super::table::flatten_into;
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::inputs::{EntryKind, FileMetadata};

/// Deeper trees than any module has; a listing that never ends must not hang a compile.
const MAX_DEPTH: u32 = 64;

/// Where a source lies: within the environment (so that its content is part of the release) or not.
struct Located {
    /// Path as `Inputs` knows it.
    path: String,
    /// `puppet:///` and the path within the environment; `None` for files outside of it.
    content_uri: Option<String>,
}

/// What a `file` resource says of how it takes its source.
struct Wishes {
    links: EcoString,
    checksum: EcoString,
    use_permissions: bool,
}

impl Evaluator<'_> {
    /// Adds the metadata of sources from modules of the environment, when the code has a name.
    pub(super) fn inline_metadata(&mut self, catalog: &mut Catalog) -> Result<()> {
        if catalog.code_id.is_none() || !self.request.settings.static_catalogs {
            return Ok(());
        }
        let mut metadata: IndexMap<EcoString, Inlined> = IndexMap::new();
        let mut recursive: IndexMap<EcoString, IndexMap<EcoString, Vec<Inlined>>> = IndexMap::new();
        for resource in catalog
            .resources
            .iter()
            .filter(|resource| resource.type_name == "File")
        {
            let get = |name: &str| resource.parameters.get(name);
            let mut sources: Vec<EcoString> = Vec::new();
            if let Some(value) = get("source") {
                flatten_into(value, &mut |source| sources.push(to_display_string(source)));
            }
            let absent = matches!(get("ensure"), Some(Value::Str(ensure)) if ensure == "absent");
            if absent
                || sources.is_empty()
                || !sources.iter().all(|source| source.starts_with("puppet:"))
            {
                continue;
            }
            let text = |name: &str, default: &str| {
                get(name).map_or_else(|| default.into(), to_display_string)
            };
            let wishes = Wishes {
                links: text("links", "manage"),
                checksum: text("checksum", "sha256"),
                use_permissions: text("source_permissions", "ignore") != "ignore",
            };
            // What this compile can't answer is left to the agent, as files outside of the environment are.
            if wishes.use_permissions || wishes.checksum != "sha256" {
                continue;
            }
            let is_recursive = match get("recurse") {
                Some(Value::Bool(recurse)) => *recurse,
                Some(Value::Str(recurse)) => recurse == "true" || recurse == "remote",
                _ => false,
            };
            if is_recursive {
                let limited = ["recurselimit", "max_files", "ignore"]
                    .iter()
                    .any(|name| get(name).is_some());
                let first_only =
                    get("sourceselect").is_none_or(|value| *value == Value::from("first"));
                if limited {
                    continue;
                }
                if let Some(found) = self.trees(&sources, &wishes, first_only)? {
                    recursive.insert(resource.title.clone(), found);
                }
            } else if let Some(found) = self.single(&sources, &wishes, get("source"))? {
                metadata.insert(resource.title.clone(), found);
            }
        }
        catalog.metadata = metadata;
        catalog.recursive_metadata = recursive;
        Ok(())
    }

    /// Metadata of the first source that is there; `None` when it is not part of the environment.
    fn single(
        &mut self,
        sources: &[EcoString],
        wishes: &Wishes,
        written: Option<&Value>,
    ) -> Result<Option<Inlined>> {
        for source in sources {
            let source = source.trim_end_matches('/');
            let Some(located) = self.locate_source(source)? else {
                return Ok(None);
            };
            let Some(found) = self.inputs.file_metadata(&located.path)? else {
                continue;
            };
            let Some(uri) = located.content_uri else {
                return Ok(None);
            };
            let path = self.display_path(&located.path);
            let mut inlined = to_inlined(&path, None, &found, wishes, Some(uri.into()));
            inlined.source = Some(source.into());
            return Ok(Some(inlined));
        }
        let shown = written.map(to_display_string).unwrap_or_default();
        let error: Unwind = Error::verbatim(
            format!("Could not get metadata for {shown}"),
            None,
            None,
            None,
        )
        .into();
        Err(error)
    }

    /// Metadata of whole trees by source; `None` when one is not part of the environment.
    fn trees(
        &mut self,
        sources: &[EcoString],
        wishes: &Wishes,
        first_only: bool,
    ) -> Result<Option<IndexMap<EcoString, Vec<Inlined>>>> {
        let mut found = IndexMap::new();
        for source in sources {
            let source = source.trim_end_matches('/');
            let Some(located) = self.locate_source(source)? else {
                return Ok(None);
            };
            let Some(root) = self.inputs.file_metadata(&located.path)? else {
                continue;
            };
            let Some(uri) = located.content_uri else {
                return Ok(None);
            };
            let base = self.display_path(&located.path);
            let mut list = vec![to_inlined(
                &base,
                Some(".".into()),
                &root,
                wishes,
                Some(uri.clone().into()),
            )];
            if root.kind == EntryKind::Directory {
                self.tree(&located.path, &base, "", &uri, wishes, &mut list, 0)?;
            }
            found.insert(source.into(), list);
            if first_only {
                break;
            }
        }
        Ok((!found.is_empty()).then_some(found))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one recursion with its path in three forms"
    )]
    fn tree(
        &mut self,
        path: &str,
        base: &str,
        relative: &str,
        uri: &str,
        wishes: &Wishes,
        list: &mut Vec<Inlined>,
        depth: u32,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::verbatim(
                format!("The tree below {base} is too deep"),
                None,
                None,
                None,
            )
            .into());
        }
        let Some(entries) = self.inputs.listing(path)? else {
            return Ok(());
        };
        let mut directories = Vec::new();
        for entry in entries.iter() {
            let child = format!("{path}/{}", entry.name);
            let below = if relative.is_empty() {
                entry.name.clone()
            } else {
                format!("{relative}/{}", entry.name)
            };
            let Some(found) = self.inputs.file_metadata(&child)? else {
                continue;
            };
            let content_uri = Some(format!("{uri}/{below}").into());
            list.push(to_inlined(
                base,
                Some(below.as_str().into()),
                &found,
                wishes,
                content_uri,
            ));
            if entry.kind == EntryKind::Directory {
                directories.push((child, below));
            }
        }
        for (child, below) in directories {
            self.tree(
                &child,
                base,
                &below,
                uri,
                wishes,
                list,
                depth.saturating_add(1),
            )?;
        }
        Ok(())
    }

    /// Where `puppet:///modules/M/P` is: `files/P` of the module. `None` for other mounts and hosts.
    fn locate_source(&mut self, source: &str) -> Result<Option<Located>> {
        let Some(rest) = source.strip_prefix("puppet:///modules/") else {
            return Ok(None);
        };
        let (module, file) = rest.split_once('/').unwrap_or((rest, ""));
        let Some(directory) = self.module_directory(module)? else {
            // The module is absent, hence the file is: the caller says so.
            let path = format!("modules/{module}/files/{file}");
            return Ok(Some(Located {
                path,
                content_uri: None,
            }));
        };
        let path = if file.is_empty() {
            format!("{directory}/files")
        } else {
            format!("{directory}/files/{file}")
        };
        let inside = !path.starts_with('/') && !file.is_empty();
        let content_uri = inside.then(|| format!("puppet:///{path}"));
        Ok(Some(Located { path, content_uri }))
    }
}

fn to_inlined(
    path: &str,
    relative_path: Option<EcoString>,
    found: &FileMetadata,
    wishes: &Wishes,
    content_uri: Option<EcoString>,
) -> Inlined {
    let (file_type, checksum) = match (found.kind, &found.digest) {
        (EntryKind::File, digest) => {
            let digest = digest.as_deref().unwrap_or_default();
            let value = ecow::eco_format!("{{sha256}}{digest}");
            (
                FileKind::File,
                Checksum {
                    algorithm: "sha256".into(),
                    value,
                },
            )
        }
        // A release has no change times: all directories have the same.
        (EntryKind::Directory, _) => {
            let value = "{ctime}1970-01-01 00:00:00 UTC".into();
            (
                FileKind::Directory,
                Checksum {
                    algorithm: "ctime".into(),
                    value,
                },
            )
        }
    };
    Inlined {
        path: path.into(),
        relative_path,
        links: wishes.links.clone(),
        owner: Some(0),
        group: Some(0),
        // With `source_permissions => ignore` the reference says so of files and directories alike.
        mode: Some(0o644),
        checksum,
        file_type,
        destination: None,
        content_uri,
        source: None,
    }
}
