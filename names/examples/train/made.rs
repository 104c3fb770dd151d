//! Sentences made from templates: names of many countries, addresses, and what looks like either and is
//! neither.

use crate::learn::Example;
use fastrand::Rng;
use flow_names::lists::{GIVEN, LISTS, ORGANISATION, PLACE, SURNAME};

/// `{n}` a name, `{g}` a given name, `{s}` a surname, `{a}` an address, `{p}` a place, `{o}` an
/// organisation, `{w}` a few words with capitals.
const TEMPLATES: &str = include_str!("templates.txt");

/// As many sentences as asked for, of the templates that are not to be skipped.
pub(crate) fn sentences(count: usize, seed: u64, skip: impl Fn(&str) -> bool) -> Vec<Example> {
    let mut rng = Rng::with_seed(seed);
    let templates: Vec<&str> = TEMPLATES.lines().filter(|l| !l.is_empty() && !skip(l)).collect();
    (0..count).map(|i| fill(templates[i % templates.len()], &mut rng)).collect()
}

fn fill(template: &str, rng: &mut Rng) -> Example {
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at].replace("\\n", "\n"));
        let start = text.len();
        let slot = &rest[at + 1..at + 2];
        let value = match slot {
            "n" => name(rng),
            "g" => one(GIVEN, rng),
            "s" => one(SURNAME, rng),
            "a" => address(rng),
            "p" => place(rng),
            "o" => organisation(rng),
            _ => heading(rng),
        };
        text.push_str(&value);
        match slot {
            "n" | "g" | "s" => spans.push((start, text.len(), 0)),
            "a" => spans.push((start, text.len(), 1)),
            _ => {}
        }
        rest = &rest[at + 3..];
    }
    text.push_str(&rest.replace("\\n", "\n"));
    // Some people write all in lower case.
    if rng.u8(..14) == 0 && text.to_lowercase().len() == text.len() {
        text = text.to_lowercase();
    }
    Example { text, spans, weight: 0.6 }
}

fn words(bit: u8) -> Vec<&'static str> {
    LISTS.iter().filter(|(_, b)| *b == bit).flat_map(|(w, _)| w.split_whitespace()).collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}

fn listed(bit: u8, rng: &mut Rng) -> String {
    let all = words(bit);
    capital(all[rng.usize(..all.len())])
}

// From a list, or, to learn what names end in, the head of one and the tail of another, which stands in none.
fn one(bit: u8, rng: &mut Rng) -> String {
    let all = words(bit);
    // The lists go country by country: near words are of the same.
    let at = rng.usize(..all.len());
    let (first, second) = (all[at], all[(at + rng.usize(1..15)) % all.len()]);
    let word = if rng.f32() < 0.55 || first.len() < 4 || second.len() < 5 {
        first.to_owned()
    } else {
        format!("{}{}", &first[..first.len() / 2], &second[second.len() / 2..])
    };
    capital(&if rng.u8(..4) == 0 { accented(&word, rng) } else { word })
}

// A listed place or one that is in no list, now and then in capitals.
fn place(rng: &mut Rng) -> String {
    let place = match rng.u8(..10) {
        0..=3 => listed(PLACE, rng),
        4 => {
            let starts = [
                "San", "Santa", "Saint", "Port", "New", "Bad", "Nova", "La", "Villa", "Mount", "East", "Cite",
            ];
            format!("{} {}", starts[rng.usize(..starts.len())], one(PLACE, rng))
        }
        5 | 6 => {
            let ends = [
                "ville", "ton", "burg", "stad", "heim", "ingen", "borg", "dorf", "ham", "ice", "ovo", "ana",
                "vik", "by", "la", "town", "ford", "mouth", "res", "ia",
            ];
            let stem = one(SURNAME, rng);
            let keep = (stem.chars().count() * 2 / 3).max(2);
            format!("{}{}", stem.chars().take(keep).collect::<String>(), ends[rng.usize(..ends.len())])
        }
        _ => one(PLACE, rng),
    };
    if rng.u8(..7) == 0 { place.to_uppercase() } else { place }
}

// The accents that the lists do without.
fn accented(word: &str, rng: &mut Rng) -> String {
    let by = |c: char| match c {
        'a' => "áäåãâ",
        'e' => "éèěë",
        'i' => "íï",
        'o' => "óöøõô",
        'u' => "úüů",
        'c' => "čćç",
        's' => "šśş",
        'z' => "žźż",
        'n' => "ñń",
        'l' => "ł",
        'y' => "ý",
        'r' => "ř",
        _ => "",
    };
    word.chars()
        .map(|c| {
            let choices: Vec<char> = by(c).chars().collect();
            if choices.is_empty() || rng.u8(..4) > 0 { c } else { choices[rng.usize(..choices.len())] }
        })
        .collect()
}

fn name(rng: &mut Rng) -> String {
    let (given, surname) = (one(GIVEN, rng), one(SURNAME, rng));
    match rng.u8(..12) {
        0 => format!("{given} {}. {surname}", (b'A' + rng.u8(..26)) as char),
        1 => format!("{given} {} {surname}", (b'A' + rng.u8(..26)) as char),
        2 => format!("{given} {surname}-{}", one(SURNAME, rng)),
        3 => format!("{}. {surname}", given.chars().take(1).collect::<String>()),
        4 => format!("{given} {} {surname}", one(GIVEN, rng)),
        5 => {
            let particles = ["van", "de", "von", "da", "del", "van der", "al", "bin", "di", "dos"];
            format!("{given} {} {surname}", particles[rng.usize(..particles.len())])
        }
        _ => format!("{given} {surname}"),
    }
}

fn organisation(rng: &mut Rng) -> String {
    let base = if rng.bool() { one(SURNAME, rng) } else { place(rng) };
    let kinds = [
        "Inc",
        "Ltd",
        "Group",
        "Bank",
        "University",
        "GmbH",
        "Corporation",
        "Times",
        "Museum",
        "Labs",
        "Street Journal",
        "Hotel",
        "Airlines",
        "Institute",
    ];
    let kind = kinds[rng.usize(..kinds.len())];
    match rng.u8(..4) {
        0 => listed(ORGANISATION, rng),
        2 => match rng.u8(..4) {
            0 => format!("{base}, {} and {}", one(SURNAME, rng), one(SURNAME, rng)),
            1 => format!("{base}-{}", one(SURNAME, rng)),
            2 => format!("{base} and Sons"),
            _ => {
                let parts = "Tech Data Red Open Next Blue Smart Health Trade Micro Net Way Link Market Credit Point Solar Bright Food Green Point Logic Map Works";
                let parts: Vec<&str> = parts.split(' ').collect();
                let mut part = || parts[rng.usize(..parts.len())];
                let (a, b, c) = (part(), part(), part());
                if a.len() % 2 == 0 { format!("{a}{}", b.to_lowercase()) } else { format!("{b} {c}") }
            }
        },
        1 => format!("{base}, {} and {} {kind}", one(SURNAME, rng), one(SURNAME, rng)),
        _ => format!("{base} {kind}"),
    }
}

fn heading(rng: &mut Rng) -> String {
    const WORDS: &str = "Getting Started Quick Guide Release Notes Error Handling Data Model User Settings Terms Service Privacy Policy Machine Learning World War Ocean Summer Project Apollo Monday Tuesday Friday January March October Christmas Easter Internet English French German Spanish Chinese Bible Server Client Request Response Table Contents Chapter Part Section Introduction Conclusion Black Friday Star Wars Harry Potter Game Thrones Windows Update Visual Code Standard Library Central Park Nobel Prize Supreme Court Parliament Constitution Bitcoin Python Rust Java Docker Linux Cloud Engine";
    let all: Vec<&str> = WORDS.split(' ').collect();
    (0..rng.usize(1..4)).map(|_| all[rng.usize(..all.len())]).collect::<Vec<_>>().join(" ")
}

fn address(rng: &mut Rng) -> String {
    let stem = match rng.u8(..3) {
        0 => one(SURNAME, rng),
        1 => place(rng),
        _ => {
            let stems = [
                "Main",
                "High",
                "Church",
                "Station",
                "Park",
                "Oak",
                "Maple",
                "Elm",
                "Mill",
                "King",
                "Queen",
                "Linden",
                "Garten",
                "Bahnhof",
                "Haupt",
                "Schul",
                "Kirch",
                "Puistu",
                "Kosk",
                "Stor",
                "Dorps",
                "Lange",
                "Nova",
                "Petőfi",
                "Kossuth",
                "Roma",
                "Garibaldi",
                "Mayor",
                "Victor Hugo",
            ];
            stems[rng.usize(..stems.len())].to_owned()
        }
    };
    let most = [30, 200, 9999][rng.usize(..3)];
    let number = rng.u32(1..most);
    let ends_en = [
        "Street",
        "St",
        "St.",
        "Avenue",
        "Ave",
        "Road",
        "Rd",
        "Lane",
        "Drive",
        "Dr",
        "Boulevard",
        "Court",
        "Place",
        "Square",
        "Way",
        "Close",
        "Crescent",
        "Terrace",
    ];
    let joined = [
        "straße", "strasse", "str.", "weg", "gasse", "platz", "allee", "straat", "laan", "gracht", "gatan",
        "vägen", "gata", "veien", "gade", "vej", "katu", "tie", "kuja", "plein",
    ];
    let before = [
        "Rue",
        "rue de",
        "Avenue",
        "Via",
        "Viale",
        "Piazza",
        "Calle",
        "Avenida",
        "Paseo",
        "Rua",
        "Rua da",
        "ul.",
        "Ulica",
        "Strada",
        "Boulevard",
        "Carrer",
        "Travessa",
    ];
    let behind =
        ["utca", "út", "tee", "ulica", "ulice", "Sokak", "Caddesi", "Road", "Marg", "pst", "tänav", "tér"];
    let flat = rng.u32(1..999);
    let street = match rng.u8(..7) {
        0..=2 => format!("{number} {stem} {}", ends_en[rng.usize(..ends_en.len())]),
        3 => format!("{stem}{} {number}", joined[rng.usize(..joined.len())]),
        4 => format!("{} {stem} {number}", before[rng.usize(..before.len())]),
        5 => format!("{number} {} {stem}", before[rng.usize(..before.len())].to_lowercase()),
        _ => format!("{stem} {} {number}", behind[rng.usize(..behind.len())]),
    };
    let street = match rng.u8(..6) {
        0 => format!("{street} Apt. {flat}"),
        1 => format!("{street}, Flat {flat}"),
        2 => format!("{street} Suite {flat}"),
        _ => street,
    };
    let postcode = match rng.u8(..5) {
        0 => format!(
            "{}{}{} {}{}{}",
            letter(rng),
            letter(rng),
            rng.u8(1..20),
            rng.u8(..10),
            letter(rng),
            letter(rng)
        ),
        1 => format!("{:03} {:02}", rng.u32(100..999), rng.u32(10..99)),
        2 => format!("{} {}{}", rng.u32(1000..9999), letter(rng), letter(rng)),
        _ => format!("{:05}", rng.u32(1000..99999)),
    };
    let place = place(rng);
    match rng.u8(..6) {
        0 => format!("{street}, {postcode} {place}"),
        1 => format!("{street}, {place} {postcode}"),
        2 => format!("{street}\n{place}\n{postcode}"),
        3 => format!("{street}, {place}, {}{} {postcode}", letter(rng), letter(rng)),
        _ => street,
    }
}

fn letter(rng: &mut Rng) -> char {
    (b'A' + rng.u8(..26)) as char
}
