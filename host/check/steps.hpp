// Inside the room: the tests that all kinds that work step by step have in common: optimizers, averagers, noise schedules.
//
// A Bench is one of it at work:
//   Bench(Subject&)               with the parameters where a training begins
//   void start()
//   void train(uint64_t step)     one step of a training, from 0: a function of the step and of what was before
//   Tensor outcome()              what the last step led to
//   void follow(const Bench&)     the parameters of another one; nothing where there are none
//   State state
#pragma once
#include "abi/state.hpp"
#include "check/test.hpp"

namespace basin::checking {

template <class Bench>
void same_seed(Subject& subject) {
  constexpr uint64_t kSteps = 20;
  Bench a(subject), b(subject);
  a.start(), b.start();
  for (uint64_t step = 0; step < kSteps; step++) {
    a.train(step), b.train(step);
    expect(same_bits(a.outcome(), b.outcome()),
           "two of it with one seed differ after step " + std::to_string(step + 1));
  }
  subject.passed = std::to_string(kSteps) + " steps of two with one seed are the same bits";
}

template <class Bench>
void state_round_trip(Subject& subject) {
  constexpr uint64_t kHalf = 60;  // long enough for what begins late
  Bench whole(subject);
  whole.start();
  for (uint64_t step = 0; step < kHalf; step++) whole.train(step);
  const auto saved = copied(whole.state.save());

  Bench resumed(subject);
  resumed.follow(whole);
  resumed.start();
  resumed.state.restore(saved);
  for (uint64_t step = kHalf; step < 2 * kHalf; step++) {
    whole.train(step), resumed.train(step);
    expect(same_bits(whole.outcome(), resumed.outcome()),
           "stopped, loaded and continued, it differs after step " + std::to_string(step + 1) +
               " from one that was not stopped: something it remembers is not in its state");
  }
  const auto a = whole.state.save(), b = resumed.state.save();
  for (const auto& [name, value] : a)
    expect(b.count(name) && same_bits(value, b.at(name)), "its state '" + name + "' differs after a stop");
  subject.passed = std::to_string(saved.size()) + " tensors of state; continued bit for bit";
}

template <class Bench>
void garbage_state(Subject& subject) {
  constexpr uint64_t kSteps = 3;
  Bench first(subject);
  first.start();
  for (uint64_t step = 0; step < kSteps; step++) first.train(step);
  try_broken_states(subject, copied(first.state.save()), [&](const auto& broken) {
    Bench bench(subject);
    bench.state.restore(broken);  // before start: it finds this there
    bench.start();
    for (uint64_t step = kSteps; step < 2 * kSteps; step++) bench.train(step);
    bench.outcome();
  });
}

// The life that tests of the host's failures run again and again.
template <class Bench>
void live_steps(Subject& subject) {
  Bench bench(subject);
  bench.start();
  for (uint64_t step = 0; step < 2; step++) bench.train(step);
  bench.outcome();
}

}  // namespace basin::checking
