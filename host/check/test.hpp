// Inside the room: what a test is and what it has at hand.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "check/check.hpp"
#include "plugin/load.hpp"
#include "plugin/object.hpp"

namespace basin::checking {

// How a test ends early. A test that returns has passed; an Error out of the plugin or the host is a failure, too.
struct Failure {
  std::string sentence;
};
struct Skip {
  std::string sentence;
};
[[noreturn]] inline void fail(const std::string& sentence) { throw Failure{sentence}; }
inline void expect(bool holds, const std::string& sentence) {
  if (!holds) fail(sentence);
}

// The plugin under test, as one test's process has it.
class Subject {
 public:
  explicit Subject(const Request& request) : request(request) {}
  const Request& request;
  std::string component;  // the one this test is about; "" where it is about the file
  std::string kind;       // its kind
  std::string passed;     // what a test that passed has to say: "converged in 83 steps"

  // The file, loaded at the first call, behind the gates (gates.hpp).
  const Loaded& loaded();
  const Component& part();  // the component this test is about

  // A component's options: its defaults, what --set gives, and, where it requires another component, one of the
  // check's own (standins.hpp). Skip: it requires a file or a folder that nobody gave.
  Spec spec(const Component& component, std::vector<Option> more = {});
  std::shared_ptr<Object> make(std::vector<Option> more = {});  // of part()

 private:
  std::optional<Loaded> loaded_;
};

struct Test {
  const char* name;      // "optimizer-convergence"
  const char* kind;      // of the components it is run for, each in a process of its own; "": for the file;
                         // "*": for each component
  const char* sentence;  // what holds when it passes
  std::function<void(Subject&)> run;
};

// All tests, in the order they are run.
const std::vector<Test>& tests();

// Of one kind, each file of this room its own.
std::vector<Test> loading_tests();
std::vector<Test> declaration_tests();
std::vector<Test> optimizer_tests();
std::vector<Test> averager_tests();
std::vector<Test> noise_schedule_tests();
std::vector<Test> model_tests();
std::vector<Test> sampler_tests();
std::vector<Test> quantizer_tests();
std::vector<Test> metric_tests();
std::vector<Test> dataset_tests();
std::vector<Test> host_tests();  // a host that refuses, fails, or takes back what it lent
std::vector<Test> memory_tests();

// A short life of the component: created, started, used in every function of its kind, destroyed. Errors are those of
// the plugin. What tests of the host's failures run again and again.
void live(Subject& subject);
void live_optimizer(Subject&);
void live_averager(Subject&);
void live_noise_schedule(Subject&);
void live_model(Subject&);
void live_sampler(Subject&);
void live_quantizer(Subject&);
void live_metric(Subject&);
void live_dataset(Subject&);

// Runs a part of the component's life that may fail, as long as it says why: the sentence, or nothing where it did not
// fail. A Failure: it failed without a sentence.
template <class Body>
std::optional<std::string> refusal(Body body) {
  try {
    body();
    return std::nullopt;
  } catch (const Error& error) {
    const std::string sentence = error.what();
    if (sentence.find("and without a sentence") != sentence.npos || sentence.find("function: status") != sentence.npos)
      fail(sentence);
    return sentence;
  }
}

// A saved state as no checkpoint should hold it: way 0: NaN and huge whole numbers, way 1: random bits, way 2: of other
// sizes.
constexpr int kScrambles = 3;
std::map<std::string, at::Tensor> scrambled(const std::map<std::string, at::Tensor>& state, int way, uint64_t seed);
std::map<std::string, at::Tensor> copied(const std::map<std::string, at::Tensor>& state);
// One life for each way that a good state can be broken: refused with a sentence, or survived.
void try_broken_states(Subject& subject, const std::map<std::string, at::Tensor>& good,
                       const std::function<void(const std::map<std::string, at::Tensor>& broken)>& life);

// N(0, scale^2), float32, of these sizes: a function of (seed, what) alone.
at::Tensor some_values(uint64_t seed, uint64_t what, at::IntArrayRef sizes, double scale = 1);
bool same_bits(const at::Tensor& a, const at::Tensor& b);  // NaN equals itself

}  // namespace basin::checking
