//! PEM, written.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A PEM block with lines of 64 characters.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for sextet in 0..4 {
                let index = (bits >> (18 - 6 * sextet) & 63) as usize;
                let letter = ALPHABET.get(index).copied().unwrap_or(b'=');
                text.push(if sextet > group.len() {
                    '='
                } else {
                    char::from(letter)
                });
            }
        }
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    #[test]
    fn every_length_reads_back() {
        for length in 0..200_u8 {
            let der: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            let pem = encode("CERTIFICATE", &der);
            let back = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
            assert_eq!(back.as_ref(), der);
        }
    }
}
