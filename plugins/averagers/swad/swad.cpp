// SWAD: stochastic weight averaging densely (Cha et al. 2021, arXiv 2102.08604, Algorithm 1): the mean of the weights
// after every step of a stretch of the training that the validation loss chooses.
//
// The loss E_k is found after every `every` steps; the weights of those steps are segment k. The stretch begins with
// segment s = k - converge + 1 where E_s is the least of E_s .. E_k, and ends with segment k - overfit as soon as the
// last `overfit` losses are all above tolerance times the mean of E_s .. E_(s + converge - 1); else with the training.
#include <algorithm>
#include <basin/basin.hpp>

namespace {
using namespace basin;

struct Swad {
  static constexpr const char* name = "swad";
  static constexpr const char* summary =
      "SWAD: averaging between two signs of the validation loss (Cha et al. 2021, arXiv 2102.08604).";
  int64_t every, converge, overfit;
  double tolerance;

  static auto parameters() {
    return declare(
        integer("every", &Swad::every, 100, "Steps between validation losses.").at_least(1).unit("steps"),
        integer("converge", &Swad::converge, 3, "Losses in a row of which the first is the least: it begins there.")
            .between(1, 100),
        integer("overfit", &Swad::overfit, 6, "Losses in a row above the tolerance: it ended before them.")
            .between(1, 100),
        number("tolerance", &Swad::tolerance, 1.3, "Times the mean of the losses that it began with.").at_least(1));
  }

  Parameters parameters_;
  std::vector<Tensor> segments, means;      // [n] each: of the steps of this segment; of the segments settled on
  std::vector<std::vector<Tensor>> recent;  // by slot: the last segments, whose fate may be open
  Tensor losses, limit, numbers;            // [slots] float64; [] float64; [4] int64, see Numbers

  struct Numbers {
    int64_t closed, first, settled, last;  // segments so far; how many in `means`; first and last, from 1, 0: not known
  };
  int64_t slots() const { return std::max(converge, overfit); }
  size_t slot(int64_t segment) const { return static_cast<size_t>(segment % slots()); }

  void start(Parameters p, State state) {
    parameters_ = p;
    segments = state_arenas(p, state, "segment");
    means = state_arenas(p, state, "mean");
    for (int64_t i = 0; i < slots(); ++i) recent.push_back(state_arenas(p, state, "recent." + std::to_string(i)));
    losses = state.tensor("losses", {slots()}, Type::float64);
    limit = state.tensor("limit", {}, Type::float64);
    numbers = state.tensor("numbers", {4}, Type::int64);
    validation_loss(p);  // a training without held-out items is refused here, not after the first segment
  }

  void update(const Context& context) {
    const auto step = static_cast<int64_t>(context.step) + 1;       // steps done
    const double before = static_cast<double>((step - 1) % every);  // steps of this segment so far
    for (size_t i = 0; i < segments.size(); ++i) segments[i].lerp_(parameters_[i].values, 1 / (before + 1));
    if (step % every) return;
    Numbers n = load();
    if (!n.last) close_segment(n);
  }

  // The segments settled on and those whose fate is open; before there are any, the weights as they stand.
  Tensor average(uint32_t group) {
    const Numbers n = load();
    if (!n.first) return parameters_[group].values.clone();
    Tensor mean = means.at(group).clone();
    const int64_t last = n.last ? n.last : n.closed;
    for (int64_t k = n.first + n.settled; k <= last; ++k)
      mean.lerp_(recent[slot(k)][group], 1 / static_cast<double>(k - n.first + 1));
    return mean;
  }

 private:
  Numbers load() const {
    const auto v = numbers.values<int64_t>();
    const bool whole = v[0] >= 0 && v[0] < int64_t{1} << 40 && v[1] >= 0 && v[1] <= v[0] && v[2] >= 0 && v[2] <= v[0] &&
                       v[3] >= 0 && v[3] <= v[0];
    if (!whole) throw error("The state of swad is damaged: its counts of segments cannot be.");
    return {v[0], v[1], v[2], v[3]};
  }

  void close_segment(Numbers n) {
    const int64_t k = ++n.closed;
    if (n.first) settle(n, k - overfit);  // before its slot is written over
    for (size_t i = 0; i < segments.size(); ++i) recent[slot(k)][i].copy_(segments[i]);
    std::vector<double> e = losses.values<double>();
    e[slot(k)] = validation_loss(parameters_);
    losses.copy_(Tensor::from(e));
    const auto last_of = [&](int64_t count) {  // the last so many losses, oldest first
      std::vector<double> out;
      for (int64_t j = k - count + 1; j <= k; ++j) out.push_back(e[slot(j)]);
      return out;
    };

    if (!n.first && k >= converge) {
      const std::vector<double> window = last_of(converge);
      if (window.front() == *std::min_element(window.begin(), window.end())) {
        double sum = 0;
        for (double v : window) sum += v;
        limit.fill_(tolerance * sum / static_cast<double>(converge));
        n.first = k - converge + 1;
        settle(n, k - overfit);
      }
    } else if (n.first && k >= overfit) {
      const std::vector<double> window = last_of(overfit);
      if (*std::min_element(window.begin(), window.end()) > limit.item()) n.last = k - overfit;
    }
    numbers.copy_(Tensor::from(std::vector<int64_t>{n.closed, n.first, n.settled, n.last}));
  }

  // Segments up to this one stay in the mean, whatever comes.
  void settle(Numbers& n, int64_t up_to) {
    for (int64_t k = n.first + n.settled; k <= up_to; ++k) {
      ++n.settled;
      for (size_t i = 0; i < means.size(); ++i) means[i].lerp_(recent[slot(k)][i], 1 / static_cast<double>(n.settled));
    }
  }
};

}  // namespace

BASIN_PLUGIN("swad", "0.1.0", "Apache-2.0", "SWAD: averaging between two signs of the validation loss.",
             AveragerComponent<Swad>)
