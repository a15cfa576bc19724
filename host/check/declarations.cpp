// What a component says of itself, and whether it can be made with all that it says it takes.
#include <cmath>

#include "check/standins.hpp"
#include "check/test.hpp"

namespace basin::checking {
namespace {

std::string about(const basin_parameter& p) { return "option '" + std::string(p.name) + "'"; }

bool is_number(const basin_parameter& p) { return p.type == BASIN_TYPE_INTEGER || p.type == BASIN_TYPE_NUMBER; }
bool is_list(const basin_parameter& p) { return p.type == BASIN_TYPE_INTEGERS || p.type == BASIN_TYPE_NUMBERS; }

// A text that help can show: one line that ends as a sentence does.
void expect_sentence(const std::string& what, const char* text) {
  expect(text && *text, what + " has no sentence that explains it");
  const std::string sentence = text;
  expect(sentence.find('\n') == sentence.npos, what + " is explained in more than one line");
  expect(sentence.find(' ') != sentence.npos, what + " is explained by one word, '" + sentence + "'");
  expect(sentence.back() == '.', what + " is explained by '" + sentence + "', which does not end as a sentence does");
}

void sentences(Subject& subject) {
  const Component& part = subject.part();
  expect_sentence("it", part.summary.c_str());
  for (const basin_parameter* p : part.parameters) expect_sentence(about(*p), p->summary);
  subject.passed = std::to_string(part.parameters.size()) + " options, all with a sentence";
}

void ranges(Subject& subject) {
  const Component& part = subject.part();
  for (const basin_parameter* p : part.parameters) {
    if (is_number(*p) || is_list(*p)) {
      expect(!std::isnan(p->minimum) && !std::isnan(p->maximum), about(*p) + " has a bound that is no number");
      expect(p->minimum <= p->maximum, about(*p) + " is to be at least " + std::to_string(p->minimum) +
                                           " and at most " + std::to_string(p->maximum));
    }
    for (const char* const* a = p->choices; a && *a; a++)
      for (const char* const* b = a + 1; *b; b++)
        expect(std::string(*a) != *b, about(*p) + " has the choice '" + *a + "' twice");
    // A default, and what is just outside the bounds or of another type, through the check that scripts go through.
    const auto refused = [&](Value value) {
      return refusal([&] { subject.spec(part, {{p->name, std::move(value), "check"}}); }).has_value();
    };
    if (is_number(*p)) {
      const double step = p->type == BASIN_TYPE_INTEGER ? 1 : std::max(1.0, std::abs(p->maximum)) * 1e-9;
      if (p->maximum < 1e300) expect(refused(p->maximum + step), about(*p) + " takes more than its maximum");
      if (p->minimum > -1e300) expect(refused(p->minimum - step), about(*p) + " takes less than its minimum");
      expect(refused(std::string("x")), about(*p) + " takes a text for a number");
      expect(refused(std::nan("")), about(*p) + " takes NaN");
    } else if (p->type != BASIN_TYPE_BOOLEAN) {
      expect(refused(true), about(*p) + " takes true, and is no boolean");
    }
  }
}

// All that a parameter may be told at the edge of what it declares.
std::vector<Value> extremes(const basin_parameter& p) {
  const double low = p.minimum > -1e300 ? p.minimum : -1e300, high = p.maximum < 1e300 ? p.maximum : 1e300;
  constexpr double kWhole = 9007199254740992.0;  // 2^53: no whole number of a script is larger
  const auto whole = [&](double v) { return static_cast<int64_t>(std::clamp(v, -kWhole, kWhole)); };
  const int64_t least = whole(std::ceil(low)), most = whole(std::floor(high));
  switch (p.type) {
    case BASIN_TYPE_BOOLEAN: return {false, true};
    case BASIN_TYPE_INTEGER: return {least, most};
    case BASIN_TYPE_NUMBER: return {low, high, std::clamp(0.0, low, high), std::clamp(5e-324, low, high)};
    case BASIN_TYPE_STRING: return {std::string(), std::string(4000, 'x'), std::string("\xc3\xa9 %s \"'\\\n")};
    case BASIN_TYPE_CHOICE: {
      std::vector<Value> all;
      for (const char* const* c = p.choices; c && *c; c++) all.emplace_back(std::string(*c));
      return all;
    }
    case BASIN_TYPE_INTEGERS:
      return {std::vector<int64_t>{}, std::vector<int64_t>{least}, std::vector<int64_t>{most},
              std::vector<int64_t>(1000, least)};
    case BASIN_TYPE_NUMBERS:
      return {std::vector<double>{}, std::vector<double>{low}, std::vector<double>{high},
              std::vector<double>(1000, low)};
    case BASIN_TYPE_COMPONENT:
      if (auto other = standin(p.choices[0])) return {other};
  }
  return {};
}

void defaults(Subject& subject) {
  subject.make();
  const auto first = subject.make(), second = subject.make();  // two at once
}

void try_extremes(Subject& subject) {
  const Component& part = subject.part();
  int tried = 0, refused = 0;
  for (const basin_parameter* p : part.parameters) {
    for (const Value& value : extremes(*p)) {
      tried++;
      // A crash or a hang is reported with this; an allocation that fails is a refusal.
      const std::string what =
          part.kind + " '" + part.name + "' being made with " + p->name + " = " + to_text(value).substr(0, 60);
      const AtWork at_work(what.c_str());
      refused += refusal([&] { subject.make({{p->name, value, "check"}}); }).has_value();
    }
  }
  subject.passed = std::to_string(tried) + " values at the edges: " + std::to_string(tried - refused) + " taken, " +
                   std::to_string(refused) + " refused with a sentence";
}

}  // namespace

std::vector<Test> declaration_tests() {
  return {{"declares-sentences", "*", "It and each of its options are explained in a sentence.", sentences},
          {"declares-ranges", "*", "Bounds are in order, and what is outside of them is refused.", ranges},
          {"options-default", "*", "It is made with its defaults, also twice at once.", defaults},
          {"options-extremes", "*", "Every option's extremes are taken, or refused with a sentence.", try_extremes}};
}

}  // namespace basin::checking
