//! The parameters of a catalog request, from the query or the form.

use bytes::Bytes;

use crate::http::params::{Params, decode, pairs};

/// A catalog request's parameters; the facts stay as they came.
#[derive(Debug)]
pub(crate) struct CatalogRequest {
    /// The `facts` parameter as it is in the form or query, escaped.
    pub(crate) facts: Option<Bytes>,
    pub(crate) facts_format: Option<String>,
    pub(crate) environment: Option<String>,
}

impl CatalogRequest {
    /// Reads the raw query, and the raw form of a POST. What the form says goes before.
    pub(crate) fn read(query: &[u8], form: &Bytes) -> Self {
        let mut request = Self {
            facts: None,
            facts_format: None,
            environment: None,
        };
        for source in [form.clone(), Bytes::copy_from_slice(query)] {
            for (name, value) in pairs(&source) {
                match name {
                    b"facts" if request.facts.is_none() => {
                        request.facts = Some(source.slice_ref(value));
                    }
                    b"facts_format" if request.facts_format.is_none() => {
                        request.facts_format = text(value);
                    }
                    b"environment" if request.environment.is_none() => {
                        request.environment = text(value);
                    }
                    _ => {}
                }
            }
        }
        request
    }
}

fn text(value: &[u8]) -> Option<String> {
    let text = Params::text(&decode(value));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_goes_before_the_query_and_facts_are_not_copied() {
        let form = Bytes::from_static(
            b"facts_format=application%2Fjson&facts=%257B%257D&environment=test",
        );
        let request = CatalogRequest::read(b"environment=production", &form);
        assert_eq!(request.environment.as_deref(), Some("test"));
        assert_eq!(request.facts_format.as_deref(), Some("application/json"));
        let facts = request.facts.unwrap();
        assert_eq!(facts, "%257B%257D");
        assert!(form.as_ptr_range().contains(&facts.as_ptr()));
    }

    #[test]
    fn a_get_has_all_in_its_query() {
        let request =
            CatalogRequest::read(b"facts=x&facts_format=pson&environment=e", &Bytes::new());
        assert_eq!(request.facts.unwrap(), "x");
        assert_eq!(request.environment.as_deref(), Some("e"));
    }
}
