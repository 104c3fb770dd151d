//! What the digits and letters of a national number must satisfy.
//!
//! In: its letters (upper case) and digits, without what stands between them, in the length and with the letters
//! where its form has them. Out: whether the number can have been given out.

/// United Kingdom, NHS number: modulus 11 (NHS Data Dictionary).
pub(super) fn nhs(s: &[u8]) -> bool {
    let check = (11 - weighted(s, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    check == d(s, 9) && varied(s)
}

/// United Kingdom, National Insurance number: letters that are given out (HMRC, NIM39110).
pub(super) fn nino(s: &[u8]) -> bool {
    let lead = [s[0], s[1]];
    !b"DFIQUV".contains(&s[0])
        && !b"DFIOQUV".contains(&s[1])
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&lead)
        && (b'A'..=b'D').contains(&s[8])
}

/// Germany, tax number: ISO/IEC 7064 mod 11,10, and one digit of the first ten twice or three times
/// (Bundeszentralamt für Steuern).
pub(super) fn steuer_id(s: &[u8]) -> bool {
    let mut counts = [0; 10];
    s[..10].iter().for_each(|c| counts[usize::from(c - b'0')] += 1);
    let repeated = counts.iter().filter(|n| **n > 1).count() == 1 && counts.iter().all(|n| *n < 4);
    let product = s[..10].iter().fold(10, |product, c| {
        let sum = (u32::from(c - b'0') + product) % 10;
        2 * if sum == 0 { 10 } else { sum } % 11
    });
    s[0] != b'0' && repeated && (11 - product) % 10 == d(s, 10)
}

/// France, NIR with its key: modulus 97, Corsica's `2A` as 19 and `2B` as 18 (INSEE).
pub(super) fn nir(s: &[u8]) -> bool {
    let place = match &s[5..7] {
        b"2A" => 19,
        b"2B" => 18,
        digits if digits.iter().all(u8::is_ascii_digit) => n(digits),
        _ => return false,
    };
    let (month, rest) = (n(&s[3..5]), &s[7..]);
    if !rest.iter().chain(&s[..5]).all(u8::is_ascii_digit) {
        return false;
    }
    let number = (n(&s[..5]) * 100 + place) * 1_000_000 + n(&s[7..13]);
    matches!(s[0], b'1' | b'2')
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - number % 97 == n(&s[13..])
}

/// Spain, DNI and NIE: letter by modulus 23 (Ministerio del Interior).
pub(super) fn dni(s: &[u8]) -> bool {
    let lead = match s[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        c if c.is_ascii_digit() => u64::from(c - b'0'),
        _ => return false,
    };
    let number = lead * 10_000_000 + n(&s[1..8]);
    b"TRWAGMYFPDXBNJZSQVHLCKE"[(number % 23) as usize] == s[8]
}

/// Italy, codice fiscale: check letter (decree of 23 December 1976).
pub(super) fn codice_fiscale(s: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    // Two persons of one number: the digits of the later one are written as letters.
    let digit = |at: usize| s[at].is_ascii_digit() || b"LMNPQRSTUV".contains(&s[at]);
    let value = |c: u8| usize::from(if c.is_ascii_digit() { c - b'0' } else { c - b'A' });
    let sum: u32 = (0..15).map(|i| if i % 2 == 0 { ODD[value(s[i])] } else { value(s[i]) as u32 }).sum();
    [6, 7, 9, 10, 12, 13, 14].into_iter().all(digit)
        && b"ABCDEHLMPRST".contains(&s[8])
        && u32::from(s[15] - b'A') == sum % 26
}

/// The Netherlands, BSN: the test of eleven with -1 last (Rijksdienst voor Identiteitsgegevens).
pub(super) fn bsn(s: &[u8]) -> bool {
    let sum = weighted(s, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum % 11 == d(s, 8) && varied(s)
}

/// Belgium, national number: modulus 97, from 2000 on with a 2 before (Rijksregister).
pub(super) fn belgian(s: &[u8]) -> bool {
    let (number, key) = (n(&s[..9]), n(&s[9..]));
    // Foreigners' numbers (BIS) have 20 or 40 more in the month.
    is_day(n(&s[2..4]) % 20, n(&s[4..6]))
        && [number, number + 2_000_000_000].iter().any(|n| 97 - n % 97 == key)
}

/// Poland, PESEL: weights 1 3 7 9; the month tells the century (Ministerstwo Cyfryzacji).
pub(super) fn pesel(s: &[u8]) -> bool {
    let sum = weighted(s, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    is_day(n(&s[2..4]) % 20, n(&s[4..6])) && (10 - sum % 10) % 10 == d(s, 10)
}

/// Sweden, personnummer: Luhn over its last ten digits (Skatteverket); samordningsnummer have 60 more in the day.
pub(super) fn personnummer(s: &[u8]) -> bool {
    let century = s.len() == 10 || matches!(&s[..2], b"18" | b"19" | b"20");
    let s = &s[s.len() - 10..];
    let day = n(&s[4..6]);
    century && is_day(n(&s[2..4]), if day > 60 { day - 60 } else { day }) && luhn(s)
}

/// Finland, henkilötunnus: character by modulus 31 (Digi- ja väestötietovirasto). `s` is without the sign
/// of the century, or with it where that is a letter.
pub(super) fn hetu(s: &[u8]) -> bool {
    let number = n(&s[..6]) * 1000 + n(&s[s.len() - 4..s.len() - 1]);
    let century = s.len() == 10 || b"ABCDEFUVWXY".contains(&s[6]);
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number % 31) as usize];
    century && is_day(n(&s[2..4]), n(&s[..2])) && check == s[s.len() - 1]
}

/// Denmark, CPR number: its date; since 2007 its check digit need not hold (CPR-kontoret).
pub(super) fn cpr(s: &[u8]) -> bool {
    is_day(n(&s[2..4]), n(&s[..2]))
}

/// Portugal, NIF of a person: modulus 11 (Autoridade Tributária).
pub(super) fn nif(s: &[u8]) -> bool {
    let rest = weighted(s, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    matches!(s[0], b'1' | b'2' | b'3' | b'4') && d(s, 8) == if rest < 2 { 0 } else { 11 - rest } && varied(s)
}

/// Switzerland, AHV number: EAN-13 (Zentrale Ausgleichsstelle).
pub(super) fn ahv(s: &[u8]) -> bool {
    let sum = weighted(s, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    s.starts_with(b"756") && (10 - sum % 10) % 10 == d(s, 12)
}

/// Brazil, CPF: two digits by modulus 11 (Receita Federal).
pub(super) fn cpf(s: &[u8]) -> bool {
    let check = |count: u32| {
        let sum: u32 = (0..count).map(|i| d(s, i as usize) * (count + 1 - i)).sum();
        sum * 10 % 11 % 10
    };
    check(9) == d(s, 9) && check(10) == d(s, 10) && varied(s)
}

/// India, Aadhaar: Verhoeff (UIDAI).
pub(super) fn aadhaar(s: &[u8]) -> bool {
    // The group of the symmetries of a pentagon, and the permutation of Verhoeff.
    const TURNS: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let times = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let turned = |digit: u32, by: usize| (0..by % 8).fold(digit, |digit, _| TURNS[digit as usize]);
    let sum = (0..s.len()).rev().enumerate().fold(0, |sum, (by, at)| times(sum, turned(d(s, at), by)));
    sum == 0 && s[0] > b'1' && varied(s)
}

/// India, PAN: the fourth letter says who has it (Income Tax Department); it has no public check.
pub(super) fn pan(s: &[u8]) -> bool {
    b"ABCFGHJLPT".contains(&s[3]) && s[5..9] != *b"0000"
}

/// Canada, SIN: Luhn; 8 is not given out (Service Canada).
pub(super) fn sin(s: &[u8]) -> bool {
    s[0] != b'8' && luhn(s) && varied(s)
}

/// Australia, TFN of nine digits: modulus 11 (Australian Taxation Office).
pub(super) fn tfn(s: &[u8]) -> bool {
    weighted(s, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && varied(s)
}

/// Australia, Medicare card: ninth digit by modulus 10 (Services Australia).
pub(super) fn medicare(s: &[u8]) -> bool {
    matches!(s[0], b'2'..=b'6') && weighted(s, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == d(s, 8) && s[9] != b'0'
}

/// Mexico, CURP: check digit over the 37 signs with Ñ (RENAPO).
pub(super) fn curp(s: &[u8]) -> bool {
    const STATES: &str =
        "AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS";
    // N is 23, and Ñ stands between it and O.
    let value = |c: u8| match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'N' => u32::from(c - b'A') + 10,
        _ => u32::from(c - b'A') + 11,
    };
    let sum: u32 = s[..17].iter().zip(2..).map(|(c, at)| value(*c) * (20 - at)).sum();
    is_day(n(&s[6..8]), n(&s[8..10]))
        && matches!(s[10], b'H' | b'M' | b'X')
        && STATES.split(' ').any(|state| state.as_bytes() == &s[11..13])
        && (10 - sum % 10) % 10 == d(s, 17)
}

/// China, resident identity number: ISO/IEC 7064 mod 11-2 and a date (GB 11643-1999).
pub(super) fn chinese(s: &[u8]) -> bool {
    let sum = weighted(s, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    matches!(s[0], b'1'..=b'6' | b'8' | b'9')
        && matches!(n(&s[6..10]), 1880..=2099)
        && is_day(n(&s[10..12]), n(&s[12..14]))
        && b"10X98765432"[(sum % 11) as usize] == s[17]
}

/// South Korea, resident registration number: its date and century; since October 2020 its last digits
/// are random (Ministry of the Interior and Safety).
pub(super) fn korean(s: &[u8]) -> bool {
    is_day(n(&s[2..4]), n(&s[4..6]))
}

/// Japan, My Number: modulus 11 (ordinance 85 of 2014, Ministry of Internal Affairs).
pub(super) fn my_number(s: &[u8]) -> bool {
    let rest = weighted(s, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    d(s, 11) == if rest < 2 { 0 } else { 11 - rest } && varied(s)
}

/// Singapore, NRIC and FIN: check letter by modulus 11 (as published by its users; the authority does not).
pub(super) fn nric(s: &[u8]) -> bool {
    let sum = weighted(&s[1..], &[2, 7, 6, 5, 4, 3, 2]) as usize;
    let (letters, more): (&[u8; 11], usize) = match s[0] {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        b'M' => return b"KLJNPQRTUWX"[10 - (sum + 3) % 11] == s[8],
        _ => return false,
    };
    letters[(sum + more) % 11] == s[8]
}

/// South Africa, identity number: Luhn, date, and whether a citizen (Department of Home Affairs).
pub(super) fn south_african(s: &[u8]) -> bool {
    is_day(n(&s[2..4]), n(&s[4..6])) && matches!(s[10], b'0'..=b'2') && luhn(s)
}

/// Turkey, TCKN: two digits by modulus 10 (Nüfus ve Vatandaşlık İşleri).
pub(super) fn tckn(s: &[u8]) -> bool {
    let odd: u32 = (0..9).step_by(2).map(|i| d(s, i)).sum();
    let even: u32 = (1..9).step_by(2).map(|i| d(s, i)).sum();
    let all: u32 = (0..10).map(|i| d(s, i)).sum();
    s[0] != b'0' && (odd * 7 + 100 - even) % 10 == d(s, 9) && all % 10 == d(s, 10)
}

fn d(s: &[u8], at: usize) -> u32 {
    u32::from(s[at].wrapping_sub(b'0'))
}

fn n(s: &[u8]) -> u64 {
    s.iter().fold(0, |sum, c| sum * 10 + u64::from(c.wrapping_sub(b'0')))
}

// As many digits as there are weights.
fn weighted(s: &[u8], weights: &[u32]) -> u32 {
    weights.iter().enumerate().map(|(at, weight)| weight * d(s, at)).sum()
}

fn luhn(s: &[u8]) -> bool {
    let sum: u32 = (0..s.len())
        .rev()
        .enumerate()
        .map(|(i, at)| match i % 2 {
            0 => d(s, at),
            _ => 2 * d(s, at) / 10 + 2 * d(s, at) % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

// Nobody has `111111111`.
fn varied(s: &[u8]) -> bool {
    s.iter().any(|c| *c != s[0])
}

fn is_day(month: u64, day: u64) -> bool {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}
