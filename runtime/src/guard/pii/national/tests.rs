//! Numbers with made-up digits and right checks, and what looks like them.

use crate::guard::pii::{Kind, find_exact as find};

#[test]
fn national_numbers_are_found() {
    for (text, number) in [
        ("Mein Code: RSSMRA85T10A562S.", "RSSMRA85T10A562S"),
        ("NHS number: 943 476 5919", "943 476 5919"),
        ("Steuer-ID: 86 095 742 719", "86 095 742 719"),
        ("BSN 111222333", "111222333"),
        ("con DNI 12345678Z", "12345678Z"),
        ("CPF 529.982.247-25", "529.982.247-25"),
        ("AHV-Nr. 756.9217.0769.85", "756.9217.0769.85"),
        ("SIN: 046 454 286", "046 454 286"),
    ] {
        let found = find(text);
        let [(at, Kind::NationalNumber)] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert_eq!(&text[at.clone()], number);
    }
}

#[test]
fn other_numbers_are_no_national_numbers() {
    for text in [
        "943 476 5918 is no NHS number",
        "Order 86095742719",
        "NHS invoice no. 9434765919",
        "BSN and order number 111222333",
        "article 111222333",
        "RSSMRA85T10A562T",
        "12345678Z",
        "order 2023-12345678Z",
        "756.9217.0769.84 kB",
    ] {
        assert!(find(text).iter().all(|(_, kind)| *kind != Kind::NationalNumber), "{text}");
    }
}

#[test]
fn dates_of_birth_are_found_and_others_left() {
    for text in [
        "born on 12 March 1980",
        "DOB: 03/12/1980",
        "geboren am 12.03.1980",
        "né le 1er mars 1980",
        "nacida el 3 de mayo de 1975",
        "nata a Roma il 12/03/1980",
        "geboortedatum: 12-03-1980",
        "nascido em 12 de março de 1980",
    ] {
        assert!(matches!(find(text).as_slice(), [(_, Kind::BirthDate)]), "{text}: {:?}", find(text));
    }
    for text in [
        "born in 1990",
        "founded on 12.03.1980",
        "published on 12 March 1980",
        "NATO 4/4/1949",
        "expires 03/12/2030",
    ] {
        assert!(find(text).is_empty(), "{text}: {:?}", find(text));
    }
}
