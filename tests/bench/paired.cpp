// The arithmetic of side-by-side timing, on seconds that are made up.
#include "paired.hpp"

#include "catch.hpp"

using namespace basin::bench;

namespace {

// Steps whose seconds are `typical` times a noise that both sides of a round share, times a noise of their own.
struct Machine {
  std::mt19937 random{7};
  double shared = 1;
  double noise(double spread) { return std::exp(std::normal_distribution<double>(0, spread)(random)); }
  double step(double typical) { return typical * shared * noise(0.02); }
};

}  // namespace

TEST_CASE("The median of even and odd counts", "[paired]") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
  CHECK(median({5}) == 5);
}

TEST_CASE("Rounds visit everybody once; three take turns in all six orders", "[paired]") {
  std::string order;
  std::vector<Participant> all;
  for (char name : {'a', 'b', 'c'})
    all.push_back({std::string(1, name), [&order, name] { return order += name, 1.0; }, {}});
  for (size_t round = 0; round < 6; round++) run_round(all, round);
  CHECK(order == "abccbabcabaccabacb");
}

TEST_CASE("A ratio's interval holds the truth, also where the machine's speed wanders", "[paired]") {
  int inside = 0;
  Machine machine;
  for (int trial = 0; trial < 40; trial++) {
    std::vector<double> a, b;
    for (int i = 0; i < 30; i++) {
      machine.shared = machine.noise(0.5);
      a.push_back(machine.step(1.1)), b.push_back(machine.step(1.0));
    }
    const Ratio r = ratio(a, b, 400);
    CHECK(r.low <= r.value);
    CHECK(r.value <= r.high);
    CHECK(r.width() < 0.1);
    inside += r.low <= 1.1 && 1.1 <= r.high;
  }
  CHECK(inside >= 34);  // of 40; 38 expected
}

TEST_CASE("A comparison goes on until it is sure, or time is up", "[paired]") {
  Machine machine;
  std::vector<Participant> all{{"a", [&] { return machine.step(2.0); }, {}},
                               {"b", [&] { return machine.step(1.0); }, {}}};
  const Outcome sure = compare(all, {{0, 1, 0.05}}, {.warm = 3, .rounds_least = 5, .seconds = 60});
  CHECK(sure.reached);
  CHECK(all[0].seconds.size() == static_cast<size_t>(sure.rounds));
  CHECK(ratio(all[0].seconds, all[1].seconds).width() <= 0.05);
  CHECK(std::abs(ratio(all[0].seconds, all[1].seconds).value - 2) < 0.05);
  const Outcome tired = compare(all, {{0, 1, 0.0}}, {.warm = 0, .rounds_least = 2, .seconds = 0.05});
  CHECK_FALSE(tired.reached);
  CHECK(tired.seconds < 10);
}
