// Side-by-side timing in one run. Participants take turns, in an order that changes every round, so that what slows a
// machine down slows all of them; two are compared round by round. A ratio's interval is a bootstrap (Efron 1979) of
// the rounds: it says what this run knows, not what another machine would show.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace basin::bench {

struct Participant {
  std::string name;
  std::function<double()> run;  // once; seconds
  std::vector<double> seconds;  // of each round
};

inline double minimum(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

inline double median(std::vector<double> v) {
  const size_t half = v.size() / 2;
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(half), v.end());
  if (v.size() % 2) return v[half];
  return (*std::max_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(half)) + v[half]) / 2;
}

// Seconds that a call takes.
template <class F>
double seconds_of(F&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// median over rounds of a's seconds / b's, and the 2.5 % and 97.5 % quantiles of its bootstrap
struct Ratio {
  double value = 0, low = 0, high = 0;
  double width() const { return high - low; }
};
inline Ratio ratio(const std::vector<double>& a, const std::vector<double>& b, int resamples = 2000) {
  const size_t n = std::min(a.size(), b.size());
  std::vector<double> each(n), again(n), medians;
  for (size_t i = 0; i < n; i++) each[i] = a[i] / b[i];
  std::mt19937 random(1);  // the same rounds give the same interval
  std::uniform_int_distribution<size_t> pick(0, n - 1);
  for (int r = 0; r < resamples; r++) {
    for (double& x : again) x = each[pick(random)];
    medians.push_back(median(again));
  }
  std::sort(medians.begin(), medians.end());
  const auto at = [&](double q) { return medians[static_cast<size_t>(q * static_cast<double>(resamples - 1) + 0.5)]; };
  return {median(each), at(0.025), at(0.975)};
}

// One round: everybody once, each time in another order: forward in even rounds, backward in odd ones, from another
// start every second round.
inline void run_round(std::vector<Participant>& all, size_t round) {
  const size_t n = all.size();
  for (size_t i = 0; i < n; i++) {
    const size_t turn = (i + round / 2) % n;
    Participant& p = all[round % 2 ? n - 1 - turn : turn];
    p.seconds.push_back(p.run());
  }
}

// A comparison that must become this sure.
struct Goal {
  size_t a, b;  // participants: a's seconds / b's
  double width;
};

struct Limits {
  int warm = 2;          // rounds that are not counted
  int rounds_least = 8;  // too few rounds have too narrow an interval
  double seconds = 600;  // no round begins after that
};

struct Outcome {
  bool reached = false;  // every goal
  int rounds = 0;
  double seconds = 0;
};

// Rounds until every goal's interval is narrow enough, or time is up. progress, which may be empty, is told after each.
inline Outcome compare(std::vector<Participant>& all, const std::vector<Goal>& goals, const Limits& limits,
                       const std::function<void(const Outcome&)>& progress = {}) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < limits.warm; i++) run_round(all, static_cast<size_t>(i));
  for (Participant& p : all) p.seconds.clear();
  Outcome out;
  while (true) {
    run_round(all, static_cast<size_t>(out.rounds));
    out.rounds++;
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (out.rounds >= limits.rounds_least) {
      out.reached = std::all_of(goals.begin(), goals.end(), [&](const Goal& g) {
        return ratio(all[g.a].seconds, all[g.b].seconds, 400).width() <= g.width &&
               ratio(all[g.a].seconds, all[g.b].seconds).width() <= g.width;
      });
    }
    if (progress) progress(out);
    if (out.reached || out.seconds >= limits.seconds) return out;
  }
}

}  // namespace basin::bench
