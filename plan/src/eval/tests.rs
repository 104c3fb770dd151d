#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::{Cost, Millis, Type};
use serde_json::{Value as Json, json};

struct Vars(Vec<Value>);

impl Scope for Vars {
    fn var(&self, id: VarId) -> Option<Value> {
        self.0.get(id.0 as usize).cloned()
    }
    fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError> {
        Ok(ecow::eco_format!("<{} {}>", id.0, scope.var(VarId(0)).unwrap_or_default()))
    }
}

fn literal(value: impl Into<Json>) -> Expr {
    Expr::Literal(Value::from_json(&value.into()))
}

fn var(n: u32) -> Expr {
    Expr::Var(VarId(n))
}

fn binary_of(op: BinaryOp, a: Expr, b: Expr) -> Expr {
    Expr::Binary(op, Box::new(a), Box::new(b))
}

fn run(expr: Expr, vars: Json) -> Result<Json, String> {
    let vars = Vars(vars.as_array().unwrap().iter().map(Value::from_json).collect());
    eval(&expr, &vars).map(|v| v.to_json()).map_err(|e| e.0)
}

fn calculated(op: BinaryOp, a: impl Into<Json>, b: impl Into<Json>) -> Result<Json, String> {
    run(binary_of(op, literal(a), literal(b)), json!([]))
}

fn values(op: BinaryOp, a: Value, b: Value) -> Result<Value, String> {
    eval(&binary_of(op, Expr::Literal(a), Expr::Literal(b)), &Vars(vec![])).map_err(|e| e.0)
}

#[test]
fn numbers_and_texts_are_calculated() {
    use BinaryOp::*;
    for (op, a, b, wanted) in [
        (Add, json!(2), json!(3), json!(5)),
        (Add, json!(2), json!(0.5), json!(2.5)),
        (Add, json!("a"), json!("b"), json!("ab")),
        (Add, json!([1]), json!([2]), json!([1, 2])),
        (Subtract, json!(2), json!(3), json!(-1)),
        (Multiply, json!(2), json!(1.5), json!(3.0)),
        (Divide, json!(7), json!(2), json!(3.5)),
        (Divide, json!(6), json!(2), json!(3.0)),
        (Remainder, json!(-7), json!(3), json!(2)),
        (Less, json!(1), json!(1.5), json!(true)),
        (GreaterEqual, json!("b"), json!("a"), json!(true)),
        (Equal, json!(1), json!(1.0), json!(true)),
        (Equal, json!([1, {"a": 2}]), json!([1.0, {"a": 2.0}]), json!(true)),
        (Equal, json!({"a": 1}), json!({"a": 1, "b": 2}), json!(false)),
        (NotEqual, json!(null), json!(0), json!(true)),
        (In, json!(2), json!([1, 2.0]), json!(true)),
        (In, json!("bc"), json!("abcd"), json!(true)),
        (NotIn, json!("k"), json!({"k": 1}), json!(false)),
        (Default, json!(null), json!(1), json!(1)),
        (Default, json!(false), json!(1), json!(false)),
    ] {
        assert_eq!(calculated(op, a.clone(), b.clone()), Ok(wanted), "{a} {} {b}", op.symbol());
    }
    // 2^53 and the number after it are one float.
    let big = 9_007_199_254_740_992_i64;
    assert_eq!(calculated(Equal, big, big + 1), Ok(json!(false)));
    assert_eq!(calculated(Less, big, big + 1), Ok(json!(true)));
}

#[test]
fn what_has_no_value_says_why() {
    use BinaryOp::*;
    for (op, a, b, wanted) in [
        (Divide, json!(1), json!(0), "division by zero"),
        (Divide, json!(1.5), json!(0.0), "division by zero"),
        (Remainder, json!(1), json!(0), "division by zero"),
        (Add, json!(i64::MAX), json!(1), "the number is too large"),
        (Multiply, json!(1e300), json!(1e300), "the number is too large"),
        (Remainder, json!(i64::MIN), json!(-1), "the number is too large"),
        (Add, json!(1), json!("a"), "a whole number + text has no meaning"),
        (Less, json!(1), json!("a"), "a whole number and text cannot be compared"),
        (In, json!(1), json!("a"), "a whole number cannot be looked for in text"),
        (And, json!(1), json!(true), "a whole number and a truth value has no meaning"),
    ] {
        assert_eq!(calculated(op, a.clone(), b.clone()), Err(wanted.into()), "{a} {} {b}", op.symbol());
    }
    let negated = |json: Json| run(Expr::Unary(UnaryOp::Negate, Box::new(literal(json))), json!([]));
    assert_eq!(negated(json!(i64::MIN)), Err("the number is too large".into()));
    assert_eq!(negated(json!("a")), Err("expected a number, found text".into()));
    assert_eq!(run(var(3), json!([])), Err("variable 3 has no value".into()));
}

#[test]
fn amounts_are_exact_and_never_wrap() {
    use BinaryOp::*;
    let money = |n| Value::Money(Cost(n));
    let time = |n| Value::Duration(Millis(n));
    assert_eq!(values(Add, money(1), money(2)), Ok(money(3)));
    assert_eq!(values(Multiply, Value::Int(3), money(2)), Ok(money(6)));
    assert_eq!(values(Subtract, time(1), time(5)), Ok(time(0)));
    assert_eq!(values(Less, money(1), money(2)), Ok(Value::Bool(true)));
    assert_eq!(values(Add, money(i64::MAX), money(1)), Err("the number is too large".into()));
    assert_eq!(values(Multiply, money(i64::MAX), Value::Int(2)), Err("the number is too large".into()));
    assert!(values(Add, money(1), Value::Int(1)).is_err());
    let negated = Expr::Unary(UnaryOp::Negate, Box::new(Expr::Literal(money(i64::MIN))));
    assert!(eval(&negated, &Vars(vec![])).is_err());
}

#[test]
fn the_right_side_is_looked_at_only_when_it_decides() {
    use BinaryOp::*;
    let fails = || binary_of(Divide, literal(1), literal(0));
    assert_eq!(run(binary_of(Or, literal(true), fails()), json!([])), Ok(json!(true)));
    assert_eq!(run(binary_of(And, literal(false), fails()), json!([])), Ok(json!(false)));
    assert_eq!(run(binary_of(Default, literal(1), fails()), json!([])), Ok(json!(1)));
    assert!(run(binary_of(Or, literal(false), fails()), json!([])).is_err());
    assert!(run(binary_of(And, literal(true), fails()), json!([])).is_err());
}

#[test]
fn fields_and_elements() {
    let field = |name: &str| Expr::Field(Box::new(var(0)), name.into());
    let at = |key: Json| Expr::Index(Box::new(var(0)), Box::new(literal(key)));
    assert_eq!(run(field("a"), json!([{"a": 1}])), Ok(json!(1)));
    assert_eq!(run(field("b"), json!([{"a": 1}])), Ok(json!(null)));
    assert_eq!(run(field("a"), json!([null])), Err("`a` of null".into()));
    assert_eq!(run(field("a"), json!([[1]])), Err("a list has no field `a`".into()));
    assert_eq!(run(at(json!(0)), json!([[7, 8]])), Ok(json!(7)));
    assert_eq!(run(at(json!(-1)), json!([[7, 8]])), Ok(json!(8)));
    assert_eq!(run(at(json!("k")), json!([{"k": 5}])), Ok(json!(5)));
    assert_eq!(run(at(json!(2)), json!([[7, 8]])), Err("no element 2: the list has 2".into()));
    assert_eq!(
        run(at(json!(i64::MIN)), json!([[7]])).unwrap_err(),
        format!("no element {}: the list has 1", i64::MIN)
    );
}

#[test]
fn each_element_of_a_list() {
    let it = |name: &str| Expr::Field(Box::new(var(9)), name.into());
    let over = |how, body| Expr::Over(how, Box::new(var(0)), VarId(9), Box::new(body));
    let rows = json!([[{"n": 2, "t": "b"}, {"n": 1, "t": "a"}, {"n": 2, "t": "c"}]]);
    assert_eq!(run(over(Over::Map, it("n")), rows.clone()), Ok(json!([2, 1, 2])));
    let is_two = binary_of(BinaryOp::Equal, it("n"), literal(2));
    let kept = over(Over::Filter, is_two.clone());
    let texts = Expr::Over(Over::Map, Box::new(kept), VarId(9), Box::new(it("t")));
    assert_eq!(run(texts, rows.clone()), Ok(json!(["b", "c"])));
    let sorted = Expr::Over(Over::Map, Box::new(over(Over::SortBy, it("n"))), VarId(9), Box::new(it("t")));
    assert_eq!(run(sorted, rows.clone()), Ok(json!(["a", "b", "c"])));
    let any = Expr::Call("any".into(), vec![over(Over::Map, is_two)]);
    assert_eq!(run(any, rows.clone()), Ok(json!(true)));
    assert_eq!(
        run(over(Over::Map, it("n")), json!([1])),
        Err("expected a list, found a whole number".into())
    );
    assert!(run(over(Over::SortBy, var(9)), rows).is_err());
}

#[test]
fn json_counts_as_what_it_holds() {
    let held = |json: Json| Value::Json(Arc::new(json));
    let scope = Vars(vec![held(json!([{"n": 1, "ok": true}, {"n": 2, "ok": false}])), held(json!(2))]);
    let it = |name: &str| Expr::Field(Box::new(var(9)), name.into());
    let kept = Expr::Over(Over::Filter, Box::new(var(0)), VarId(9), Box::new(it("ok")));
    assert_eq!(eval(&kept, &scope).unwrap().to_json(), json!([{"n": 1, "ok": true}]));
    let sum = binary_of(BinaryOp::Add, var(1), literal(1));
    assert_eq!(eval(&sum, &scope), Ok(Value::Int(3)));
    let less = binary_of(BinaryOp::Less, var(1), literal(3));
    assert_eq!(eval(&less, &scope), Ok(Value::Bool(true)));
    assert!(equal(&held(json!(1)), &Value::Float(1.0)));
    assert!(equal(&held(json!(0.5)), &Value::Money(Cost(500_000_000))));
    let null = Vars(vec![held(Json::Null)]);
    assert_eq!(eval(&binary_of(BinaryOp::Default, var(0), literal(7)), &null), Ok(Value::Int(7)));
}

#[test]
fn records_templates_and_casts() {
    let record = Expr::Record(vec![("a".into(), literal(1)), ("b".into(), Expr::List(vec![var(0)]))]);
    assert_eq!(run(record, json!(["x"])), Ok(json!({"a": 1, "b": ["x"]})));
    assert_eq!(run(Expr::Template(TemplateId(4)), json!(["x"])), Ok(json!("<4 x>")));
    let cast = |ty| Expr::Cast(Box::new(var(0)), ty);
    assert_eq!(run(cast(Type::FLOAT), json!([3])), Ok(json!(3.0)));
    assert_eq!(
        run(cast(Type::Bool), json!([3])),
        Err("the value is not true or false: expected true or false, found 3".into())
    );
}
