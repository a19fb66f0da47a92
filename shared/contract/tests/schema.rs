//! The generated schemas in `shared/contract/schema/` are the ones that the types give.

use std::{fs, path::PathBuf};

/// `tests/regenerate` writes them anew.
#[test]
fn the_published_schemas_are_current() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema");
    for (name, schema) in portal_contract::schema::files() {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("PORTAL_REGENERATE").is_some() {
            fs::write(&path, text).unwrap();
        } else {
            let published = fs::read_to_string(&path).unwrap_or_default();
            assert!(published == text, "{name} is not current; run tests/regenerate");
        }
    }
}
