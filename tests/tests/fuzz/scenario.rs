//! Scenario files: any bytes give cases, or a list of what is wrong that can be read.

use portal_agent::scenario;

#[test]
fn scenario_file() {
    bolero::check!().with_max_len(4096).for_each(|bytes: &[u8]| match scenario::read("fuzz.yaml", bytes) {
        Ok(cases) => assert!(!cases.is_empty()),
        Err(wrong) => {
            let shown = wrong.show(false);
            assert!(!shown.is_empty());
            // What is wrong is shown in a terminal: nothing of the file may move its cursor.
            assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{shown:?}");
        }
    });
}
