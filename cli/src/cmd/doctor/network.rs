//! Whether the providers can be reached: a name that resolves and a port that answers.
//!
//! Nothing is sent, so no key leaves the machine and nothing is paid.

use super::{Finding, State, services, set};
use flow_runtime::Environment;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(3);

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    name: String,
    port: u16,
}

impl Host {
    /// The host and port of an `http` or `https` URL.
    pub(super) fn parse(url: &str) -> Option<Host> {
        let (scheme, rest) = url.split_once("://")?;
        let usual = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit('@').next()?;
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
            _ => (authority, usual),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        (!name.is_empty()).then(|| Host { name: name.to_owned(), port })
    }
}

/// A URL without the user and password that may stand in it.
pub(super) fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = path.split('?').next().unwrap_or_default();
    format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
}

/// Tries every provider that the environment has a key or a base URL for.
pub(super) fn reach(env: &Environment) -> Vec<Finding> {
    let proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"].iter().any(|v| env.get(v).is_some());
    let services = services().into_iter();
    let wanted = services.filter(|(_, s)| set(env, s.keys).is_some() || set(env, s.bases).is_some());
    let mut found: Vec<Finding> = wanted
        .filter_map(|(name, s)| Some(one(name, set(env, s.bases).map(|(_, url)| url).or(s.usual)?)))
        .collect();
    if found.is_empty() {
        found.push(Finding::new("network", State::Ok, "no provider is set up, so none was tried"));
    }
    if proxy {
        found.push(Finding::new(
            "network",
            State::Warn,
            "a proxy is set, and the tries above went around it",
        ));
    }
    found
}

fn one(name: &str, url: &str) -> Finding {
    // Only Ollama's variable may hold a host alone.
    let url = match url.contains("://") {
        true => url.to_owned(),
        false if url.contains(':') => format!("http://{url}"),
        false => format!("http://{url}:11434"),
    };
    let Some(host) = Host::parse(&url) else {
        return Finding::new("network", State::Fail, format!("the base URL of {name} is not a URL"));
    };
    let started = Instant::now();
    let addresses = match (host.name.as_str(), host.port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(e) => {
            return Finding::new(
                "network",
                State::Fail,
                format!("{name}: {} has no address: {e}", host.name),
            )
            .help("check the network, the name server and the base URL");
        }
    };
    let mut last = "it has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => {
                let ms = started.elapsed().as_millis();
                return Finding::new(
                    "network",
                    State::Ok,
                    format!("{name} answers at {} ({ms} ms)", host.name),
                );
            }
            Err(e) => last = e.to_string(),
        }
    }
    Finding::new(
        "network",
        State::Fail,
        format!("{name} cannot be reached at {}:{}: {last}", host.name, host.port),
    )
    .help("check the network, a firewall or proxy, and the base URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_urls() {
        let host = |name: &str, port| Some(Host { name: name.to_owned(), port });
        assert_eq!(Host::parse("https://api.openai.com/v1"), host("api.openai.com", 443));
        assert_eq!(Host::parse("http://localhost:8000"), host("localhost", 8000));
        assert_eq!(Host::parse("http://me:secret@box:81/x"), host("box", 81));
        assert_eq!(Host::parse("http://[::1]:9/"), host("::1", 9));
        assert_eq!(Host::parse("http://[::1]/"), host("::1", 80));
        assert_eq!(Host::parse("localhost:8000"), None);
        assert_eq!(Host::parse("ftp://box"), None);
        assert_eq!(Host::parse("http://"), None);
    }

    #[test]
    fn passwords_and_queries_are_not_shown() {
        assert_eq!(without_secrets("http://me:secret@box:81/v1?key=x"), "http://box:81/v1");
        assert_eq!(without_secrets("http://box"), "http://box");
    }
}
