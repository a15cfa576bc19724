// Low-pass-filter flatness (Bisla, Wang and Choromanska 2022, LPF-SGD; flatness measure of arXiv 2503.11078).
//
//   LPF(theta) = E L(theta + sigma n), n ~ N(0, I),  estimated by the mean over M draws
//
// L is the loss without perturbation on a fixed set of images, noise levels and noise: the same for every draw and
// every model, so that two models differ by their weights only. All parameters move, biases and norms too.
// "filter_wise" is the noise of that paper's optimizer: each filter moves by sigma times its own norm.
#include <basin/basin.hpp>
#include <basin/cpp/landscape.hpp>

using namespace basin;

struct Lpf {
  static constexpr const char* name = "lpf";
  static constexpr const char* summary = "Flatness: the mean loss under normal noise on the weights (low-pass filter).";
  double sigma;
  int64_t draws, images, bands;
  std::string mode;

  static auto parameters() {
    return declare(
        number("sigma", &Lpf::sigma, 0.01, "Standard deviation of the noise on the weights.").at_least(0),
        integer("draws", &Lpf::draws, 8, "How many perturbed models.").at_least(1),
        integer("images", &Lpf::images, 128, "Images of the data set, spread over all of it.")
            .at_least(2)
            .unit("images"),
        choice("mode", &Lpf::mode, "plain", {"plain", "filter_wise", "both"},
               "The same noise on every weight, scaled by the norm of each filter, or one after the other."),
        integer("bands", &Lpf::bands, 8, "Bands of noise levels for the curves by level; 0: no curves.").at_least(0));
  }

  void measure(Measurement& m) {
    if (!m.parameters)
      throw error("The metric 'lpf' measures a model, not images or data: give it a model and a data set.");
    if (m.n_reference() < 2) throw error("The metric 'lpf' needs a data set of at least 2 items to compute losses on.");
    const LossSample sample(m, images, bands);
    const std::vector<double> base = sample.losses(m);
    const Interval loss = mean_interval(base);
    done_ = 0;
    const bool plain = mode != "filter_wise", filter_wise = mode != "plain";
    if (plain) report(m, sample, base, perturbed(m, sample, false), "lpf");
    if (!plain) report(m, sample, base, perturbed(m, sample, true), "lpf");
    m.scalar("loss", loss.value, loss.low, loss.high);
    m.scalar("lpf_minus_loss", rise_.value, rise_.low, rise_.high);
    if (plain && filter_wise) {
      report(m, sample, base, perturbed(m, sample, true), "lpf_filter_wise");
      m.scalar("lpf_filter_wise_minus_loss", rise_.value, rise_.low, rise_.high);
    }
    if (sample.bands()) {
      Estimates losses;
      for (int64_t b = 0; b < sample.bands(); ++b) losses.add(mean_interval(sample.of_band(b, base)));
      losses.give_curve(m, "loss", "noise level t", sample.centres());
    }
    std::string noise;
    if (plain) noise = "N(0, sigma^2) on every parameter";
    if (filter_wise)
      noise += (plain ? "; filter_wise: " : "") + std::string("N(0, (sigma |filter|)^2) on every parameter");
    m.protocol("noise", noise);
    m.protocol("levels", sample.text());
    if (sample.bands())
      m.protocol("bands", std::to_string(sample.bands()) + " of equal length in t, curves over their centres");
    m.protocol("intervals", "95 %, Student's t: lpf and lpf_minus_loss over " + std::to_string(draws) +
                                " draws of the weights' noise with images fixed, loss over images");
  }

 private:
  // The losses [images] of each perturbed model.
  std::vector<std::vector<double>> perturbed(const Measurement& m, const LossSample& sample, bool filter_wise) {
    const Origin origin(m.parameters);
    std::vector<std::vector<double>> all;
    for (int64_t draw = 0; draw < draws; ++draw) {
      const Direction noise = normal_direction(m, draw);
      origin.back();
      if (filter_wise) scale_by_filters(m, noise, false);
      origin.move(noise, sigma);
      all.push_back(sample.losses(m));
      progress("perturbed models", ++done_, draws * (mode == "both" ? 2 : 1));
    }
    origin.back();
    return all;
  }

  // lpf of all levels as a number, lpf and lpf - loss by band as curves; keeps lpf - loss of all levels.
  void report(Measurement& m, const LossSample& sample, const std::vector<double>& base,
              const std::vector<std::vector<double>>& perturbed, const std::string& name) {
    std::vector<double> means;
    for (const auto& losses : perturbed) means.push_back(mean_of(losses));
    const Interval lpf = mean_interval(means);
    const double loss = mean_of(base);
    m.scalar(name, lpf.value, lpf.low, lpf.high);
    rise_ = {lpf.value - loss, lpf.low - loss, lpf.high - loss};
    if (!sample.bands()) return;
    Estimates by_band, rise;
    for (int64_t b = 0; b < sample.bands(); ++b) {
      means.clear();
      for (const auto& losses : perturbed) means.push_back(mean_of(sample.of_band(b, losses)));
      by_band.add(mean_interval(means));
      rise.add(mean_interval(means), mean_of(sample.of_band(b, base)));
    }
    by_band.give_curve(m, name, "noise level t", sample.centres());
    rise.give_curve(m, name + "_minus_loss", "noise level t", sample.centres());
  }

  Interval rise_;
  int64_t done_ = 0;
};

BASIN_PLUGIN("lpf", "0.2.0", "Apache-2.0", "Flatness of a model's loss by low-pass filtering.",
             basin::MetricComponent<Lpf>)
