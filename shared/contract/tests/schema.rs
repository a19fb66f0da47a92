//! The generated schemas in `shared/contract/schema/` are the ones that the types give.

use std::{fs, path::PathBuf};

/// `PORTAL_WRITE_SCHEMAS=1 cargo test -p portal-contract --test schema` writes them anew.
#[test]
fn the_published_schemas_are_current() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema");
    for (name, schema) in portal_contract::schema::files() {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("PORTAL_WRITE_SCHEMAS").is_some() {
            fs::write(&path, text).unwrap();
        } else {
            let published = fs::read_to_string(&path).unwrap_or_default();
            assert!(published == text, "{name} is not current; write it with PORTAL_WRITE_SCHEMAS=1");
        }
    }
}
