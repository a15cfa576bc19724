// A host that is not as it should be: that lacks an interface, whose functions fail, that takes back what it lent. A
// plugin says why it cannot go on; it does not crash, and lets no exception out.
#include <chrono>
#include <numeric>

#include "check/gates.hpp"
#include "check/test.hpp"

namespace basin::checking {
namespace {

constexpr double kSeconds = 60;  // for the calls that are made to fail; the rest is left out, and said

void refuses(Subject& subject) {
  live(subject);  // as it should be
  int needed = 0, without = 0;
  for (const std::string& id : gated_interfaces()) {
    hide_interface(id);
    const std::string who = "a host without " + id;
    const AtWork at_work(who.c_str());
    Subject again(subject.request);  // loaded once more, so that it asks again
    again.component = subject.component, again.kind = subject.kind;
    const auto said = refusal([&] { live(again); });
    said ? needed++ : without++;
  }
  hide_interface("");
  expect(needed > 0, "it lives on a host that has no interface at all, so this test shows nothing");
  subject.passed = "without one interface at a time: " + std::to_string(needed) + " refused with a sentence, " +
                   std::to_string(without) + " not needed";
}

void errors(Subject& subject) {
  live(subject);
  uint64_t n = 0;
  {
    const Watch watch;
    live(subject);
    n = watch.calls();
  }
  expect(n > 0, "it calls no function of the host that can fail, not even for its options");
  // All of them, in an order that is spread over the whole from the first on.
  uint64_t stride = std::max<uint64_t>(1, static_cast<uint64_t>(0.618034 * static_cast<double>(n)));
  while (std::gcd(stride, n) != 1) stride++;
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(kSeconds);
  uint64_t tried = 0;
  for (uint64_t i = 0; i < n && Clock::now() < end; i++, tried++) {
    const uint64_t number = 1 + i * stride % n;
    const std::string who =
        "a life in which call " + std::to_string(number) + " of " + std::to_string(n) + " to the host fails";
    const AtWork at_work(who.c_str());
    const Watch watch(number);
    const auto said = refusal([&] { live(subject); });
    const std::string failed = watch.failed();
    if (failed.empty() || failed == "layer.unhook") continue;  // not reached; part of a destructor
    expect(said.has_value(),
           "call " + std::to_string(number) + " to the host, " + failed + ", failed, and it went on as if it had not");
  }
  subject.passed = (tried == n ? "each of " + std::to_string(n) : std::to_string(tried) + " of " + std::to_string(n)) +
                   " calls to the host failed in turn, and each ended in an error with a sentence";
}

// Everything that is lent goes stale at its time: in each test, and here with nothing else going on.
void lends(Subject& subject) {
  for (int i = 0; i < 2; i++) live(subject);
  expect(misuses().empty(), misuses().empty() ? "" : misuses().front());
}

}  // namespace

std::vector<Test> host_tests() {
  return {{"borrowed-handles", "*", "It uses nothing that was lent after the borrow has ended.", lends},
          {"host-refuses-interface", "*", "Without one of the host's interfaces it refuses with a sentence.", refuses},
          {"host-errors", "*", "An error of any call to the host is passed on.", errors}};
}

}  // namespace basin::checking
