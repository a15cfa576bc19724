// Options: what a script gives against what a component declares, and what reaches the plugin.
#include <cmath>
#include <nlohmann/json.hpp>

#include "support.hpp"
#include "toys/toy.h"

using namespace basin;

namespace {

Registry& toys() {
  static auto* registry = [] {
    start_host();
    auto* r = new Registry;
    r->load(toy("toy"));
    return r;
  }();
  return *registry;
}

const Component& component() { return toys().find("averager", "toy"); }

Spec spec_of(std::vector<Option> given) { return check_options(component(), std::move(given)); }

std::string wrong(const std::string& name, Value value, const std::string& origin = "test.lua:1") {
  return sentence_of([&] { spec_of({{name, std::move(value), origin}}); });
}

const struct toy& toy_of(const Object& object) { return *static_cast<const struct toy*>(object.self()); }

}  // namespace

TEST_CASE("Defaults arrive typed, and say that they are defaults") {
  Spec spec = spec_of({});
  REQUIRE(spec.options.size() == 9);
  CHECK(spec.options[0].origin == "default");
  CHECK(std::get<bool>(spec["boolean"]));
  CHECK(std::get<int64_t>(spec["integer"]) == 3);
  CHECK(std::get<double>(spec["number"]) == 1e-4);
  CHECK((std::get<std::vector<int64_t>>(spec["integers"]) == std::vector<int64_t>{16, 8}));
  CHECK(std::get<std::vector<double>>(spec["numbers"]).empty());
  CHECK(std::holds_alternative<std::monostate>(spec["base"]));
  Object object(spec);
  const auto& t = toy_of(object);
  CHECK(t.boolean == 1);
  CHECK(t.integer == 3);
  CHECK(t.integer_as_number == 3);
  CHECK(t.number == 1e-4);
  CHECK(std::string(t.choice) == "cosine");
  CHECK(std::string(t.file).empty());
  CHECK(t.n_integers == 2);
  CHECK(t.integers[1] == 8);
  CHECK(t.n_numbers == 0);
  CHECK(t.child == nullptr);
}

TEST_CASE("Given values arrive, whole numbers for numbers and floats without a fraction for integers") {
  Scratch scratch;
  const auto file = scratch.path / "weights";
  put(file, "w");
  Object object(spec_of({{"boolean", false, ""},
                         {"integer", 7.0, ""},
                         {"number", int64_t{2}, ""},
                         {"string", std::string("some \"words\""), ""},
                         {"choice", std::string("linear"), ""},
                         {"integers", std::vector<double>{1, 2, 64}, ""},
                         {"numbers", std::vector<int64_t>{-5, 5}, ""},
                         {"file", file.string(), ""}}));
  const auto& t = toy_of(object);
  CHECK(t.boolean == 0);
  CHECK(t.integer == 7);
  CHECK(t.number == 2);
  CHECK(std::string(t.string) == "some \"words\"");
  CHECK(std::string(t.choice) == "linear");
  CHECK(t.n_integers == 3);
  CHECK(t.integers[2] == 64);
  CHECK(t.numbers[0] == -5);
  CHECK(std::string(t.file) == file.string());
}

TEST_CASE("The last of two values counts, and nil means the default") {
  Spec spec = spec_of(
      {{"integer", int64_t{5}, "first.lua:3"}, {"integer", int64_t{6}, "--set"}, {"number", Value(), "first.lua:4"}});
  CHECK(std::get<int64_t>(spec["integer"]) == 6);
  CHECK(spec.options[1].origin == "--set");
  CHECK(std::get<double>(spec["number"]) == 1e-4);
}

TEST_CASE("An unknown option: the nearest name and all there are") {
  CHECK(wrong("nubmer", 1.0) ==
        "unknown option 'nubmer' of averager 'toy'; did you mean 'number'? It has: boolean, integer, number, string, "
        "choice, integers, numbers, file, base.");
  CHECK(has(wrong("zzzzzz", 1.0), "'toy'; it has: boolean,"));
  CHECK(has(wrong("zzzzzz", 1.0, "--set"), "(given by --set)"));
}

TEST_CASE("A wrong type or value: what was expected and what came") {
  CHECK(wrong("boolean", int64_t{1}) == "option 'boolean' of averager 'toy' must be true or false, and 1 was given");
  CHECK(wrong("integer", 2.5) ==
        "option 'integer' of averager 'toy' must be a whole number from 1 to 16, and 2.5 was given");
  CHECK(has(wrong("integer", int64_t{17}), "from 1 to 16, and 17 was given"));
  CHECK(has(wrong("integer", int64_t{0}), "and 0 was given"));
  CHECK(has(wrong("integer", std::string("3")), "and \"3\" was given"));
  CHECK(has(wrong("integer", 1e300), "was given"));
  CHECK(has(wrong("number", -1e-9), "a number of at least 0, and -1e-9 was given"));
  CHECK(has(wrong("number", std::nan("")), "and nan was given"));
  CHECK(has(wrong("number", true), "and true was given"));
  CHECK(wrong("number", HUGE_VAL) ==
        "option 'number' of averager 'toy' must be a finite number of at least 0, and inf was given");
  CHECK(has(wrong("numbers", std::vector<double>{1, -HUGE_VAL}), "a list of finite numbers"));
  CHECK(has(wrong("string", int64_t{3}), "must be a string"));
  CHECK(has(wrong("string", std::string("a\0b", 3)), "must be a string"));
  CHECK(wrong("choice", std::string("cosin")) ==
        "option 'choice' of averager 'toy' must be one of linear, cosine, and \"cosin\" was given; did you mean "
        "\"cosine\"?");
  CHECK(has(wrong("integers", int64_t{16}), "a list of whole numbers, each from 1 to 64, and 16 was given"));
  CHECK(has(wrong("integers", std::vector<int64_t>{8, 65}), "{ 8, 65 } was given"));
  CHECK(has(wrong("integers", std::vector<double>{8, 1.5}), "{ 8, 1.5 } was given"));
  CHECK(has(wrong("file", std::string("/no/such/file")), "'/no/such/file' does not exist"));
  CHECK(has(wrong("file", std::string("/")), "is no file"));
  CHECK(has(wrong("base", std::string("ema")), "must be an averager"));
}

TEST_CASE("Components as options: from a spec, or living, of the right kind") {
  auto inner = std::make_shared<const Spec>(spec_of({{"integer", int64_t{9}, ""}}));
  auto outer = std::make_unique<Object>(spec_of({{"base", inner, ""}}));
  REQUIRE(outer->children().size() == 1);
  CHECK(outer->children()[0].first == "base");
  auto child = std::dynamic_pointer_cast<Object>(outer->children()[0].second);
  REQUIRE(child);
  CHECK(toy_of(*outer).child == static_cast<basin_object*>(child.get()));
  CHECK(toy_of(*child).integer == 9);
  outer.reset();
  CHECK(toy_of(*child).integer == 9);  // whoever holds it keeps it

  Object shared(spec_of({{"base", std::static_pointer_cast<basin_object>(child), ""}}));
  CHECK(toy_of(shared).child == static_cast<basin_object*>(child.get()));

  const Component& second = toys().find("optimizer", "second");
  CHECK(sentence_of([&] { check_options(second, {}); }) ==
        "option 'base' of optimizer 'second' is required, an averager: What it wraps.");
  auto optimizer = std::make_shared<const Spec>(check_options(second, {{"base", inner, ""}}));
  CHECK(has(wrong("base", optimizer), "must be an averager, and the optimizer 'second' was given"));
  CHECK(has(wrong("base", std::shared_ptr<const Spec>()), "must be an averager"));
}

TEST_CASE("A kind with a class of its own is made by its factory") {
  struct Special : basin_object {
    std::string kind() const override { return "averager"; }
    nlohmann::json describe() const override { return "special"; }
  };
  add_factory("averager", [](Spec) { return std::make_shared<Special>(); });
  auto made = make_object(spec_of({}));
  add_factory("averager", [](Spec spec) { return std::make_shared<Object>(std::move(spec)); });
  CHECK(made->describe() == "special");
}

TEST_CASE("A component's failure names component and plugin; Ctrl-C passes unchanged") {
  auto failure = [&](const char* word) {
    return sentence_of([&] { Object(spec_of({{"string", std::string(word), ""}})); });
  };
  CHECK(failure("fail") == "averager 'toy' (plugin toy 1.0.0): it was told to fail");
  CHECK(failure("fail silently") ==
        "averager 'toy' (plugin toy 1.0.0): it failed with status 3 and without a sentence");
  CHECK(failure("ask") == "averager 'toy' (plugin toy 1.0.0): averager 'toy' declares no option 'nothing'");
  CHECK(has(failure("mistake"), "option 'string' was asked for as an integer, and is declared otherwise"));
  CHECK(failure("interrupt") == "interrupted");
  try {
    Object object(spec_of({{"string", std::string("interrupt"), ""}}));
  } catch (const Error& e) {
    CHECK(e.status == BASIN_ERROR_INTERRUPTED);
  }
}

TEST_CASE("A spec describes itself, nested, and independent of where values came from") {
  auto inner = std::make_shared<const Spec>(spec_of({}));
  Spec spec = spec_of({{"base", inner, "a.lua:1"}, {"number", 2.5, "a.lua:1"}});
  auto json = spec.describe();
  CHECK(json["component"] == "toy");
  CHECK(json["version"] == "1.0.0");
  CHECK(json["options"]["integers"] == nlohmann::json({16, 8}));
  CHECK(json["options"]["number"] == 2.5);
  CHECK(json["options"]["base"]["options"]["integer"] == 3);
  CHECK(json["options"]["file"] == "");
  CHECK(json.dump() == spec_of({{"number", 2.5, "--set"}, {"base", inner, "b.lua:2"}}).describe().dump());
}

TEST_CASE("A number may be infinite where its default is") {
  const basin_parameter horizon{sizeof horizon, BASIN_TYPE_NUMBER, "horizon", "inf", 0, HUGE_VAL, nullptr, "", nullptr};
  const Component forgetful{nullptr, "averager", "forgetful", "", nullptr, {&horizon}};
  CHECK(std::get<double>(check_options(forgetful, {})["horizon"]) == HUGE_VAL);
  const Spec given = check_options(forgetful, {{"horizon", HUGE_VAL, "a.lua:1"}});
  CHECK(given.describe()["options"]["horizon"] == "inf");  // JSON has no infinity
  CHECK(has(sentence_of([&] { check_options(forgetful, {{"horizon", std::nan(""), "a.lua:1"}}); }), "nan was given"));
}

TEST_CASE("Values as a script would write them") {
  CHECK(to_text(Value(1e-4)) == "1e-4");
  CHECK(to_text(Value(1e6)) == "1000000");
  CHECK(to_text(Value(1e-9)) == "1e-9");
  CHECK(to_text(Value(0.1)) == "0.1");
  CHECK(to_text(Value(std::string("a\"b\n"))) == "\"a\\\"b\\n\"");
  CHECK(to_text(Value(std::string("a\0001\033", 4))) == "\"a\\0001\\027\"");  // a sentence goes on after a zero byte
  CHECK(to_text(Value(std::vector<double>{0.5, 2})) == "{ 0.5, 2 }");
  CHECK(to_text(Value(std::vector<int64_t>{})) == "{}");
  CHECK(to_text(Value()) == "nil");
  CHECK(to_text(Value(std::make_shared<const Spec>(spec_of({{"integer", int64_t{4}, ""}})))) ==
        "basin.averager \"toy\" { integer = 4 }");
}

TEST_CASE("Nearest names") {
  CHECK(nearest("roh", {"rho", "adaptive", "base"}) == "rho");
  CHECK(nearest("sdg", {"adam", "sgd"}) == "sgd");
  CHECK(nearest("xyz", {"rho", "base"}) == "");
  CHECK(nearest("inception", {"lpips", "inception_v3"}) == "inception_v3");
  CHECK(nearest("", {"a"}) == "a");
  CHECK(nearest("d", {"_", "x"}) == "");
  CHECK(nearest("learnig_rate", {"learning_rate", "rate"}) == "learning_rate");
}
