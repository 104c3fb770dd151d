//! Keys made from the formats that services publish, with random bodies, and what looks like them and is
//! none. The figures of the documentation are printed by
//! `cargo test -p flow-runtime --lib secrets::formats -- --nocapture`.

#![expect(clippy::print_stdout, reason = "its figures stand in the documentation")]

use super::{first, redacted};

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGITS: &str = "0123456789";

/// How many of each kind are made.
const EACH: usize = 20;

// `<a36>` is 36 letters and digits, `<u…>` capitals, `<h…>` hexadecimal, `<b…>` base64, `<d…>` digits.
const KEYS: &[&str] = &[
    "AKIA<u16>",
    "ASIA<u16>",
    "aws_secret_access_key = <b40>",
    "AIza<a35>",
    "GOCSPX-<a28>",
    "ya29.<a60>",
    "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=<b86>==;EndpointSuffix=core.windows.net",
    "<a3>8Q~<a34>",
    "https://shop.blob.core.windows.net/a?sv=2024&sig=<a43>%3D",
    "ghp_<a36>",
    "gho_<a36>",
    "ghs_<a36>",
    "github_pat_<a22>_<a59>",
    "glpat-<a20>",
    "gldt-<a20>",
    "glrt-<a20>",
    "xoxb-<d12>-<d12>-<a24>",
    "xoxp-<d12>-<d12>-<d12>-<h32>",
    "xapp-1-<u11>-<d13>-<h64>",
    "https://hooks.slack.com/services/T<u9>/B<u9>/<a24>",
    "sk_live_<a24>",
    "rk_live_<a24>",
    "sk_test_<a99>",
    "whsec_<a32>",
    "sk-<a48>",
    "sk-proj-<a74>T3BlbkFJ<a74>",
    "sk-ant-api03-<a93>AA",
    "sk-or-v1-<h64>",
    "gsk_<a52>",
    "xai-<a80>",
    "pplx-<a48>",
    "r8_<a37>",
    "hf_<a34>",
    "npm_<a36>",
    "pypi-AgEIcHlwaS5vcmc<a70>",
    "rubygems_<h48>",
    "dckr_pat_<a27>",
    "SG.<a22>.<a43>",
    "key-<h32>",
    "<h32>-us12",
    "SK<h32>",
    "dop_v1_<h64>",
    "dapi<h32>",
    "shpat_<h32>",
    "sq0atp-<a22>",
    "lin_api_<a40>",
    "figd_<a43>",
    "ntn_<a46>",
    "glsa_<a32>_<h8>",
    "hvs.<a90>",
    "<a14>.atlasv1.<a67>",
    "dp.pt.<a43>",
    "PMAK-<h24>-<h34>",
    "NRAK-<u27>",
    "sbp_<h40>",
    "pat<a14>.<h64>",
    "<d9>:AA<a33>",
    "M<a25>.<a6>.<a38>",
    "AGE-SECRET-KEY-1<u58>",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi<a30>.<a43>",
    "Authorization: Bearer <a40>",
    "authorization: basic <b40>",
    "-----BEGIN PRIVATE KEY-----\n<b64>\n<b64>\n-----END PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n<b64>\n-----END OPENSSH PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----\n<b64>\n-----END EC PRIVATE KEY-----",
    "postgres://app:<a16>@db.example.org/shop",
    "mysql://root:<a10>@10.0.0.3:3306/x",
    "mongodb+srv://u:<a14>@c0.example.net",
    "redis://:<a20>@cache:6379",
    "amqp://guest:<a12>@mq/",
    "https://ann:<a12>@example.org/repo.git",
    "Server=db;Database=x;User Id=sa;Password=<a12>;",
    "DB_PASSWORD=<a16>",
    "password: \"<a12>\"",
    "api_key: '<a32>'",
    "export API_TOKEN=<h40>",
    "{\"client_secret\": \"<a40>\"}",
    "my password is <a10>",
    "AZURE_OPENAI_API_KEY=<h32>",
    "CLOJARS_<h60>",
    "dt0c01.<u24>.<u64>",
    "EZAK<a54>",
    "LTAI<a20>",
    "ATATT3<a180>",
    "ops_eyJ<b200>",
    "glptt-<h40>",
    "GR1348941<a20>",
    "hf_<a34>",
    "NRII-<a32>",
    "sha256~<a43>",
    "pul-<h40>",
    "shippo_live_<h40>",
    "acme_pat_<a24>",
    "duffel_test_<a43>",
    "sk.eyJ<a60>.<a22>",
    "akab-<h16>-<h16>",
    "sb_secret_<a31>",
    "vcp_<a56>",
    "xoxp-<d12>-<d12>-<d12>-<h32>",
    "bakeryToken := `<a32>`",
    "<bakeryToken><h40></bakeryToken>",
    "bakery_token: |\n  <a32>",
    "bakery_TOKEN ::= \"<h40>\"",
    "bakeryToken,<a32>,",
    "\\\"bakery_token\\\": \\\"<a32>\\\"",
    "credentials = \"<h64>\"",
    "ENV SIGNING_KEY <a32>",
    "curl -u ann:<a14> https://example.org",
    "curl -H 'Authorization: <a32>'",
    "mysql -u root -p<a12> shop",
    "sshpass -p \"<a12>\" ssh ann@host",
    "ALTER USER app WITH PASSWORD '<a12>';",
    "<add key=\"SmtpPassword\" value=\"<a12>\" />",
];

const LOOK_ALIKES: &[&str] = &[
    "commit <h40>",
    "<h8>-<h4>-4<h3>-a<h3>-<h12>",
    "sha256:<h64>",
    "md5 <h32>",
    "integrity sha512-<b86>==",
    "data:image/png;base64,iVBORw0KGgo<b200>",
    "etag: \"<h32>\"",
    "trace id <h32> span <h16>",
    "order <d12>",
    "build <d8>.<d4>",
    "https://example.org/a/<a22>?v=<d3>",
    "v=<a11> on the video site",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI<b43> ann@host",
    "-----BEGIN CERTIFICATE-----\n<b64>\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\n<b64>\n-----END PUBLIC KEY-----",
    "color #<h6>",
    "nonce <a16>",
    "version 1.<d2>.<d2>-rc.<d1>",
    "docker pull app@sha256:<h64>",
    "<h4>:<h4>:<h4>:<h4>::<h4>",
    "file_<d8>.tar.gz",
    "https://example.org:<d4>/path",
    "+49 <d10>",
    "class sk-toggleable-label-arrow-item",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "OPENAI_API_KEY=sk-your-key-here-please-change",
    "token = get_token(user<d1>)",
    "password = config.password<d1>",
    "api_key = os.environ[\"KEY<d1>\"]",
    "secret: ${SECRET_<d1>}",
    "password: <password<d2>>",
    "Authorization: Bearer <token>",
    "postgres://app:${DB_PASSWORD}@db/x",
    "postgres://<user>:<password>@db/x",
    "the token: a word of <d2> letters",
    "token count is <d5>",
    "The password is wrong",
    "const token: Option<String<d1>>",
    "password must have <d2> characters",
    "max_tokens = <d4>",
    "GET /users?page=<d3>&sort=name",
    "base64 of hello is aGVsbG8gd29ybGQ=",
    "ISBN <d13>",
    "session ended after <d4> ms",
    "task-<d4>-final-report",
    "ask-<a4>",
    "risk-assessment-for-the-quarter-<d4>",
    "a hash of <h40> in the lock file",
    "let secret = compute::secret<d1>(x);",
    "arn:aws:iam::<d12>:role/admin",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xoxb-my-bot-token",
    "publicKey = \"<a40>\"",
    "csrf_token=<a40>",
    "credentialsId: '<h8>-<h4>-4<h3>-a<h3>-<h12>'",
    "secretName: shop-tls-<d4>",
    "key_length = Cipher<d2>.key_length",
    "token_url = \"https://example.org/<a12>\"",
    "curl -u \"${NAME}:${PASSWORD}\" https://example.org",
    "curl -H \"Authorization: Bearer $TOKEN\"",
    "docker run -u 1000:1000 -p 8080:80 shop",
    "password = \"${db.password<d1>}\"",
    "SHOP_API_KEY=\nBANK_API_KEY=",
    "[token]: https://example.org/struct.Token<d2>.html",
    "TokenStream::from(expanded<d1>)",
    "password combination. Rule <d2>",
];

#[test]
fn keys_of_every_published_format_are_found_and_look_alikes_are_left() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut made = |templates: &[&str]| -> Vec<String> {
        templates.iter().flat_map(|t| std::iter::repeat_n(*t, EACH)).map(|t| fill(t, &mut random)).collect()
    };
    let (keys, others) = (made(KEYS), made(LOOK_ALIKES));
    let missed: Vec<&String> =
        keys.iter().filter(|k| first(k).is_none() || !redacted(k).contains("[secret]")).collect();
    let wrong: Vec<(&String, Option<&str>)> = others
        .iter()
        .map(|o| (o, first(o)))
        .filter(|(o, found)| found.is_some() || redacted(o) != **o)
        .collect();
    let found = (keys.len() - missed.len()) as f64;
    let (recall, precision) = (found / keys.len() as f64, found / (found + wrong.len() as f64));
    println!(
        "{} keys, {} look-alikes: recall {recall:.3}, precision {precision:.3}",
        keys.len(),
        others.len()
    );
    assert!(recall >= 0.99, "{recall}: {missed:#?}");
    assert!(precision >= 0.99, "{precision}: {wrong:#?}");
}

fn fill(template: &str, random: &mut fastrand::Rng) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let slot = after
            .split_once('>')
            .and_then(|(slot, behind)| Some((slot.get(..1)?, slot.get(1..)?.parse::<usize>().ok()?, behind)));
        let Some((kind, length, behind)) = slot else {
            out.push('<');
            rest = after;
            continue;
        };
        let alphabet = match kind {
            "u" => UPPER,
            "h" => HEX,
            "b" => BASE64,
            "d" => DIGITS,
            _ => ALNUM,
        };
        out.extend((0..length).map(|_| alphabet.as_bytes()[random.usize(..alphabet.len())] as char));
        rest = behind;
    }
    out + rest
}
