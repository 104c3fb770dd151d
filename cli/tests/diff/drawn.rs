//! The flowcharts of comments and of `flowc graph`, drawn by Mermaid in Chromium: it reads every one, and
//! every step is in the picture by its name.

use crate::corpus::pair;
use crate::sandbox::Sandbox;
use flow_tests::cases::cases;
use flow_tests::outside::{browser, mermaid, seen};
use flow_tests::repository;
use serde_json::Value;

#[test]
fn mermaid_draws_every_step_of_every_flowchart() {
    let mut charts = Vec::new();
    for case in cases("diff", "edit") {
        let done = pair(&case).flowc(&["diff", "old", "new", "--format", "markdown"]);
        let of_comment = done.out.split("```mermaid\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        charts.extend(of_comment.map(|chart| (case.name.clone(), chart.to_owned())));
    }
    let of_comments = charts.len();
    for example in std::fs::read_dir(repository().join("examples")).unwrap().flatten() {
        let file = example.path().join("main.flow").display().to_string();
        for more in [&[][..], &["--labels"]] {
            let done = Sandbox::new().flowc(&[&["graph", &file, "--format", "mermaid"], more].concat());
            charts.push((file.clone(), done.is_fine().out.clone()));
        }
    }
    assert!(of_comments > 50 && charts.len() >= of_comments + 8, "{of_comments} of {}", charts.len());
    // What can't be drawn is seen.
    charts.push(("broken".to_owned(), "flowchart TD\n  a[\"one\" --> b\n".to_owned()));

    let drawn = drawn(&charts);
    for ((name, chart), drawn) in charts.iter().zip(&drawn) {
        let text = drawn["text"].as_str();
        if name == "broken" {
            assert!(text.is_none() && drawn["error"].is_string(), "{drawn}");
            continue;
        }
        let text = text.unwrap_or_else(|| panic!("{name}: {}\n{chart}", drawn["error"]));
        let labels: Vec<String> = chart.lines().filter_map(label).collect();
        assert!(!labels.is_empty(), "{name}: {chart}");
        for label in &labels {
            assert!(text.contains(label), "{name}: `{label}` is not drawn: {text}\n{chart}");
        }
        let links = chart.lines().filter(|l| ["-->", "-.->", "==>"].iter().any(|a| l.contains(a))).count();
        assert_eq!(drawn["links"], links, "{name}: {chart}");
    }
}

// The text of a node's line.
fn label(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('"')?;
    let (label, _) = rest.rsplit_once('"')?;
    let mut plain = label.to_owned();
    for mark in ["<b>", "</b>", "<i>", "</i>", "<br/>"] {
        plain = plain.replace(mark, "");
    }
    Some(unescaped(&plain))
}

// What Mermaid makes of each.
fn drawn(charts: &[(String, String)]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let script = std::fs::read_to_string(mermaid()).unwrap().replace("</script", "<\\/script");
    let texts: Vec<&str> = charts.iter().map(|(_, chart)| chart.as_str()).collect();
    let texts = serde_json::to_string(&texts).unwrap().replace('<', "\\u003c");
    let page = format!(
        "<!doctype html><meta charset=utf-8><body><pre id=drawn></pre><script>{script}</script><script>
        mermaid.initialize({{ startOnLoad: false, suppressErrorRendering: true }});
        (async () => {{
          const all = [];
          for (const [i, text] of {texts}.entries()) {{
            try {{
              const {{ svg }} = await mermaid.render('chart' + i, text);
              const at = document.createElement('div');
              at.innerHTML = svg;
              at.querySelectorAll('style').forEach(style => style.remove());
              const links = at.querySelectorAll('.edgePaths > path').length;
              all.push({{ text: at.textContent.replace(/\\s*\\n\\s*/g, ''), links }});
            }} catch (error) {{ all.push({{ error: String(error) }}); }}
          }}
          document.getElementById('drawn').textContent = JSON.stringify(all);
        }})();
        </script>"
    );
    let file = folder.path().join("charts.html");
    std::fs::write(&file, page).unwrap();
    let seen = seen(&browser(), &file, false);
    let said = seen.split_once("<pre id=\"drawn\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let said = unescaped(said.unwrap_or_else(|| panic!("nothing was drawn")).0);
    let all: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: `{said}`"));
    assert_eq!(all.len(), charts.len());
    all
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
