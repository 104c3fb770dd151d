//! How much `pii` finds of data in the formats of many countries, in every punctuation, and how much it takes
//! for data that only looks like it. The cases are of our own; cards, IBANs and their check digits are made up.
//!
//! `cargo test -p flow-runtime --lib pii::cases -- --nocapture` prints the figures.

#![expect(clippy::print_stdout, reason = "what was measured is read")]

use super::{Kind, find_exact as find};

// Where a value may stand.
const PLACES: [&str; 26] = [
    "{}",
    "({})",
    "\"{}\"",
    "'{}'",
    "{}.",
    "It is {}, as said.",
    "a; {}; b",
    "<b>{}</b>",
    "value={}",
    "{\"v\":\"{}\"}",
    "| {} |",
    "- {}\n- two",
    "Is it {}?",
    "„{}“",
    "[{}]",
    "{}!",
    "first {} — then",
    "x:\t{}\ty",
    "**{}**",
    "`{}`",
    "是{}。",
    "これは{}です",
    "это {}.",
    "It was {}: wrong",
    "Anna,{},Berlin",
    "see {}\r\n",
];

#[test]
fn cards_are_found_in_every_grouping() {
    let mut values = Vec::new();
    for (lead, length) in [
        ("4556", 16),
        ("4929", 13),
        ("51", 16),
        ("5425", 16),
        ("2223", 16),
        ("2720", 16),
        ("34", 15),
        ("3782", 15),
        ("3056", 14),
        ("36", 14),
        ("38", 14),
        ("3528", 16),
        ("3589", 16),
        ("6011", 16),
        ("644", 16),
        ("65", 16),
        ("62", 16),
        ("62", 19),
        ("6759", 18),
        ("5018", 12),
        ("4485", 19),
        ("1800", 15),
        ("2131", 15),
    ] {
        let number = card(lead, length);
        values.push(number.clone());
        for between in [" ", "-", "\u{a0}", "\u{202f}", "\u{2013}", "."] {
            values.push(grouped(&number, if length == 15 { &[4, 6, 5] } else { &[4; 5] }, between));
        }
    }
    values.push("４５５６ ７３７５ ８６８９ ９８５５".to_owned());
    let measured = measure(Kind::Card, &values);
    assert!(measured >= 0.99, "{measured}");
}

#[test]
fn ibans_are_found_in_every_country_and_grouping() {
    let mut values = Vec::new();
    for (country, rest) in [
        ("DE", "500105175407324931"),
        ("AT", "1904300234573201"),
        ("CH", "00762011623852957"),
        ("FR", "20041010050500013M02606"),
        ("GB", "NWBK60161331926819"),
        ("NL", "ABNA0417164300"),
        ("NO", "86011117947"),
        ("BE", "539007547034"),
        ("ES", "21000418450200051332"),
        ("IT", "X0542811101000000123456"),
        ("PL", "109010140000071219812874"),
        ("PT", "000201231234567890154"),
        ("SE", "50000000058398257466"),
        ("DK", "00400440116243"),
        ("FI", "12345600000785"),
        ("IE", "AIBK93115212345678"),
        ("LU", "0019400644750000"),
        ("MT", "MALT011000012345MTLCAST001S"),
        ("TR", "0006100519786457841326"),
        ("SA", "80000000608010167519"),
        ("BR", "00360305000010009795493C1"),
        ("UA", "3223130000026007233566001"),
        ("KW", "CBKU0000000000001234560101"),
    ] {
        let iban = iban(country, rest);
        values.push(iban.clone());
        values.push(iban.to_lowercase());
        for between in [" ", "-", "\u{a0}", "\u{202f}"] {
            values.push(grouped(&iban, &[4; 9], between));
        }
    }
    let measured = measure(Kind::Iban, &values);
    assert!(measured >= 0.99, "{measured}");
}

#[test]
fn social_security_numbers_are_found() {
    let values = [
        "219-09-9999",
        "078 05 1120",
        "457\u{2013}55\u{2013}5462",
        "899\u{2011}12\u{2011}3456",
        "001-01-0001",
        "665-98-7654",
        "123-45-6789",
        "٢١٩-٠٩-٩٩٩٨",
    ];
    let measured = measure(Kind::Ssn, &values.map(str::to_owned));
    assert!(measured >= 0.99, "{measured}");
    for text in [
        "SSN 219099999",
        "ssn: 219099999.",
        "Social Security No. 219099999",
        "my social security number is 219099999, ok?",
    ] {
        assert_eq!(kinds(text), [Kind::Ssn], "{text}");
    }
}

#[test]
fn mail_addresses_are_found() {
    let values = [
        "ann@example.org",
        "Ann.Lee+shop@mail.example.co.uk",
        "o'neil@example.ie",
        "a_b-c@sub-domain.example.com",
        "x@y.io",
        "jörg@müller.example.de",
        "почта@пример.рф",
        "用户@例子.公司",
        "info@xn--mller-kva.de",
        "user@example.xn--p1ai",
        "1234@qq.com",
        "first.last@example.museum",
        "_ops@example.net",
        "ANN@EXAMPLE.ORG",
        "ann%example@relay.example.org",
        "root@server01.example.internal",
    ];
    let measured = measure(Kind::Email, &values.map(str::to_owned));
    assert!(measured >= 0.99, "{measured}");
    for text in [
        "<mailto:ann@example.org>",
        "mailto:ann@example.org?subject=x",
        "Ann <ann@example.org>,",
        "https://ann@example.org/",
    ] {
        assert_eq!(kinds(text), [Kind::Email], "{text}");
    }
}

#[test]
fn addresses_of_the_internet_are_found() {
    let values = [
        "10.1.2.3",
        "192.168.178.21",
        "8.8.8.8",
        "203.0.113.195",
        "172.16.254.1",
        "2001:db8::8a2e:370:7334",
        "fe80::1ff:fe23:4567:890a",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "2606:4700:4700::1111",
        "fd12:3456:789a:1::1",
        "::ffff:192.0.2.1",
        "64:ff9b::192.0.2.33",
    ];
    let measured = measure(Kind::Ip, &values.map(str::to_owned));
    assert!(measured >= 0.99, "{measured}");
    for text in [
        "http://10.1.2.3:8080/x",
        "10.1.2.3:443",
        "[2001:db8::1]:443",
        "ping fe80::1%eth0",
        "from 10.1.2.3, 45 times",
        "ip=10.1.2.3;",
        "10.1.2.0/24",
        "client 10.1.2.3 - - [10/Oct",
    ] {
        assert_eq!(kinds(text), [Kind::Ip], "{text}");
    }
}

#[test]
fn phone_numbers_of_many_countries_are_found() {
    let alone = [
        "+1 555 010 4477",
        "+1 (555) 010-4477",
        "+15550104477",
        "1-800-555-0199",
        "(555) 010-4477",
        "555-010-4477",
        "555.010.4477",
        "+44 20 7946 0018",
        "+44 (0)20 7946 0018",
        "020 7946 0018",
        "07700 900123",
        "(0131) 496 0123",
        "+353 1 437 0000",
        "+49 30 901820",
        "+49 (0)171 1234567",
        "0171-1234567",
        "(030) 90 18 20",
        "0049 30 901820",
        "030 / 90 18 20-0",
        "+33 1 42 68 53 00",
        "01 42 68 53 00",
        "01.42.68.53.00",
        "+34 612 345 678",
        "+39 06 6982",
        "+39 347 123 4567",
        "+41 44 668 18 00",
        "044 668 18 00",
        "+43 1 58858-0",
        "+31 6 12345678",
        "06-12345678",
        "+32 470 12 34 56",
        "0470 12 34 56",
        "+351 912 345 678",
        "+45 12 34 56 78",
        "+46 8 123 456 78",
        "08-123 456 78",
        "+47 22 85 50 50",
        "+358 40 1234567",
        "+48 601 234 567",
        "+420 601 234 567",
        "+36 1 234 5678",
        "+40 721 234 567",
        "+30 21 0123 4567",
        "+90 532 123 45 67",
        "0532 123 45 67",
        "+7 495 123-45-67",
        "8 (495) 123-45-67",
        "+380 44 123 45 67",
        "+972-52-123-4567",
        "052-123-4567",
        "+971 50 123 4567",
        "+966 50 123 4567",
        "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧",
        "+91 98765 43210",
        "098765 43210",
        "+86 138 1234 5678",
        "138 1234 5678",
        "+81 3-1234-5678",
        "03-1234-5678",
        "090-1234-5678",
        "+82 10-1234-5678",
        "010-1234-5678",
        "+852 1234 5678",
        "+65 6123 4567",
        "+61 2 9374 4000",
        "(02) 9374 4000",
        "0412 345 678",
        "+64 21 123 4567",
        "+27 82 123 4567",
        "082 123 4567",
        "+254 712 345678",
        "+234 803 123 4567",
        "+55 11 91234-5678",
        "(11) 91234-5678",
        "+52 55 1234 5678",
        "+54 9 11 1234-5678",
        "+56 9 1234 5678",
        "+1\u{a0}555\u{a0}010\u{a0}4477",
        "+49\u{2011}30\u{2011}901820",
        "555\u{2013}010\u{2013}4477",
        "+1 555 010 4477 ext. 12",
        "555-010-4477 x9",
    ];
    let measured = measure(Kind::Phone, &alone.map(str::to_owned));
    assert!(measured >= 0.95, "{measured}");
    for text in [
        "Tel.: 22 85 50 50",
        "Tlf. 12 34 56 78",
        "Handy 1711234567",
        "Teléfono: 612 345 678",
        "tél 142685300",
        "Call 5550104477 today",
        "тел. 123-45-67",
        "电话：13812345678",
        "携帯 09012345678",
        "text me at 601 234 567",
        "tel:5550104477",
        "https://wa.me/15550104477",
        "Fax 98765 43210",
        "my number is 4955500123",
    ] {
        assert_eq!(kinds(text), [Kind::Phone], "{text}");
    }
}

#[test]
fn what_only_looks_like_data_is_left() {
    let card = card("4556", 16);
    let mut texts: Vec<String> = [
        // Ranges, dates behind numbers, and what has almost the form of a social security number.
        "coins from 1663-2170 in drawer 4",
        "0 2021-08-09 02:00 backup.tar",
        "ID 443-29-0000 is not valid",
        "the pair 693-09.4444",
        // Versions, builds, sections.
        "version 10.1.2.3",
        "Version: 4.3.2.1",
        "v2.4.1.8",
        "firmware 2.4.1.8 is out",
        "Chrome/120.0.6099.109",
        "build 1.2.3.4",
        "see section 3.2.1.4",
        "§ 3.2.1.4 applies",
        "update to 4.3.2.1",
        "OID 1.3.6.1.4.1.311",
        "mask 255.255.255.0",
        "0.0.0.0:80",
        "127.0.0.1",
        "node@18.0.0",
        "lodash@4.17.21",
        "icon@2x.png",
        "git@github.com:a/b.git",
        "ping @ann",
        "a @ b.c",
        "user@localhost",
        "cafe::add",
        "std::fs::read",
        "12:30:45",
        "00:1a:2b:3c:4d:5e",
        "Foo::Bar::baz",
        // Dates, times, money, measures, places.
        "2026-11-23 12:30:45",
        "23.11.2026",
        "11/23/2026",
        "2019-2024",
        "1990 1991 1992",
        "1,250,000.50",
        "1.250.000,50 €",
        "1 250 000 people",
        "$12,345,678",
        "52.5200, 13.4050",
        "40.7127 -74.0059",
        "from 100 to 20000 m",
        "10 20 30 40",
        "1 2 3 4 5 6 7 8 9",
        "3.14159265",
        "0.4556737586899855",
        "1e100",
        "12345-6789",
        "1700000000000",
        "1700000000000000",
        "99.99 99.98 99.97",
        "-12345678",
        "8080 8081 8082",
        "16:9 1920x1080",
        "2 x 12345678",
        "5 of 12345678",
        // Numbers of other things.
        "order no. 123-45-6789",
        "Order #555-010-4477",
        "part number 123-45-6789",
        "SKU 123-45-6789",
        "invoice 2023-0045-7812",
        "Ticket: 555 010 4477",
        "tracking number 9400 1000 0000 0000 0000 00",
        "IMEI: 356938035643809",
        "ISBN 978-3-16-148410-0",
        "ISBN 0-306-40615-2",
        "ISSN 0317-8471",
        "EAN 4006381333931",
        "EAN 4 006381 333931",
        "CAS 7732-18-5",
        "DOI 10.1000/182",
        "case 18-123456789",
        "flight 12345678",
        "123-45-6789-01",
        "12-123-45-6789",
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "219-00-9999",
        "219-09-0000",
        "DE89 3704 0044 0532 0130 01",
        "GB00WEST12345698765432",
        "XX89370400440532013000",
        // Hashes, identifiers.
        "550e8400-e29b-41d4-a716-446655440000",
        "call id 550e8400-e29b-41d4-a716-446655440000",
        "12345678-1234-5678-1234-567812345678",
        "3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:4556737586899855455673758689985545567375868998554556737586899855",
        "0x4556737586899855",
        "4556737586899855abcd",
        "id_4556737586899855",
        "#1234567890",
        "rfc-2119",
        "ticket 123456789",
        "a1b2c3d4",
        "0000-0002-1825-0097",
        "4111 1111 1111 1112",
        "1111 1111 1111 1111",
        "0000 0000 0000 0000",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(
        ["order {}", "Order no.: {}", "tracking id {}", "serial {}", "x{}", "{}0", "1.{}", "{}a"]
            .map(|place| place.replace("{}", &card)),
    );
    let wrong: Vec<_> =
        texts.iter().filter(|text| !find(text).is_empty()).map(|text| (text, kinds(text))).collect();
    println!("{} of {} texts without data are taken for data", wrong.len(), texts.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

// The share of values that are found as they are, whole, in every place.
fn measure(kind: Kind, values: &[String]) -> f64 {
    let (mut found, mut all, mut extra) = (0, 0, 0);
    for place in PLACES {
        for value in values {
            let text = place.replacen("{}", value, 1);
            let start = text.find(value.as_str()).unwrap_or(0);
            let expected = (start..start + value.len(), kind);
            let spans = find(&text);
            all += 1;
            if spans.contains(&expected) {
                found += 1;
                extra += spans.len() - 1;
            } else {
                extra += spans.len();
                println!("{kind:?} {text:?}: {spans:?}");
            }
        }
    }
    let precision = f64::from(found) / (f64::from(found) + extra as f64);
    println!("{kind:?}: {found} of {all} found, precision {precision:.4}");
    f64::min(precision, f64::from(found) / f64::from(all))
}

fn kinds(text: &str) -> Vec<Kind> {
    find(text).into_iter().map(|(_, kind)| kind).collect()
}

fn grouped(text: &str, sizes: &[usize], between: &str) -> String {
    let mut rest = text;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, after) = rest.split_at((*size).min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups.push(rest);
    groups.retain(|group| !group.is_empty());
    groups.join(between)
}

// Made-up digits behind a lead, and the check digit (Luhn).
fn card(lead: &str, length: usize) -> String {
    let mut digits: Vec<u32> = lead.chars().filter_map(|c| c.to_digit(10)).collect();
    while digits.len() < length - 1 {
        digits.push((digits.len() as u32 * 7 + 3) % 10);
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { *d })
        .sum();
    digits.push((10 - sum % 10) % 10);
    digits.into_iter().map(|d| d.to_string()).collect()
}

// With its check digits (ISO 13616).
fn iban(country: &str, rest: &str) -> String {
    let moved = format!("{rest}{country}00");
    let left = moved
        .chars()
        .filter_map(|c| c.to_digit(36))
        .fold(0, |sum, v| (sum * if v > 9 { 100 } else { 10 } + v) % 97);
    format!("{country}{:02}{rest}", 98 - left)
}
