//! Pages of flows as Chromium lays them out, in light and in the dark: every text inside its box and read
//! on its ground, no box on another. The texts are measured by the browser, and not by us.

use flow_compiler::graph::html;
use flow_plan::{FlowId, Plan};
use flow_tests::outside::{browser, seen};
use flow_tests::repository;
use flow_tests::world::FolderWorld;
use serde_json::Value;

const MEASURE: &str = include_str!("measure.js");

#[test]
fn pages_of_all_examples_are_whole_in_a_browser() {
    let mut count = 0;
    for folder in std::fs::read_dir(repository().join("examples")).expect("there are examples").flatten() {
        let outcome = FolderWorld::at(folder.path()).compile("main.flow");
        let plan = outcome.plan.expect("examples compile");
        for flow in 0..plan.flows.len() {
            looked_at(&plan, FlowId(flow as u32), &folder.path().display().to_string());
            count += 1;
        }
    }
    assert!(count >= 4, "{count} flows were looked at");
}

#[test]
fn a_page_of_a_hundred_steps_is_whole_in_a_browser() {
    let mut random = fastrand::Rng::with_seed(11);
    let text = super::graph::generated(100, &mut random);
    let outcome = FolderWorld::empty().with("main.flow", &text).compile("main.flow");
    looked_at(&outcome.plan.expect("it compiles"), FlowId(0), "100 steps");
}

#[test]
fn what_is_cut_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = "<body><svg width=\"200\" height=\"90\"><title>t</title><rect class=\"box\" width=\"60\" height=\"40\" fill=\"#fff\"/>\
                <rect class=\"box\" x=\"50\" width=\"60\" height=\"40\" fill=\"#fff\"/>\
                <text x=\"5\" y=\"20\">much longer than its box</text><text x=\"8\" y=\"20\" fill=\"#eee\">on it</text></svg>";
    let wrong = measured(folder.path(), page, false)["wrong"].to_string();
    for part in
        ["boxes 0 and 1 overlap", "is cut by its box", "stands on another text", "has a contrast of 1.2"]
    {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
}

fn looked_at(plan: &Plan, flow: FlowId, name: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let page = html(plan, flow, true);
    let [light, dark] = [false, true].map(|dark| measured(folder.path(), &page, dark));
    for said in [&light, &dark] {
        assert_eq!(said["wrong"], serde_json::json!([]), "{name}");
        assert!(said["texts"].as_u64() > Some(3), "{name}: {said}");
    }
    assert_ne!(light["ground"], dark["ground"], "{name} is the same in the dark");
}

fn measured(folder: &std::path::Path, page: &str, dark: bool) -> Value {
    let file = folder.join("page.html");
    let page = format!("{}<script>\n{MEASURE}</script>\n", page.trim_end().trim_end_matches("</html>"));
    std::fs::write(&file, page).expect("the folder takes files");
    let seen = seen(&browser(), &file, dark);
    let said = seen.split_once("<pre id=\"measured\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let said = said.unwrap_or_else(|| panic!("nothing was measured in {seen}")).0;
    let said = said.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&");
    serde_json::from_str(&said).expect("it is JSON")
}
