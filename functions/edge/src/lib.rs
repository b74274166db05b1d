//! Serves catalogs and files to agents over mutual TLS.
