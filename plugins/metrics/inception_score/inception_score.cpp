// How sure a classifier is of each image, and how many classes there are in all (Salimans et al. 2016, arXiv 1606.03498,
// sec. 4): IS = exp(mean over images of KL(p(y|x) || p(y))), the mean and spread over splits of the images, in order.
#include <basin/basin.hpp>
#include <basin/cpp/statistics.hpp>

using namespace basin;

struct InceptionScore {
  static constexpr const char* name = "inception_score";
  static constexpr const char* summary = "How sure a classifier is of each image, and how varied its answers are.";
  Object features;
  int64_t splits, batch;

  static auto parameters() {
    return declare(
        component("features", &InceptionScore::features, "model",
                  "The classifier, whose features are logits: inception_v3 or small_features with layer = "
                  "\"logits\"."),
        integer("splits", &InceptionScore::splits, 10, "Parts of the images, each with a score.").at_least(1),
        integer("batch", &InceptionScore::batch, 128, "Images handled at once.").at_least(1).unit("images"));
  }

  void measure(Measurement& m) {
    const int64_t n = m.n_images();
    if (n < 2 * splits)
      throw error("The metric 'inception_score' needs at least 2 images for each of its " + std::to_string(splits) +
                  " splits, but got " + std::to_string(n) + ".");
    // mean KL(p || q) = mean over x of sum p log p, minus sum q log q with q the mean of p.
    std::vector<Tensor> sums(static_cast<size_t>(splits));
    std::vector<double> information(sums.size()), scores;
    int64_t classes = 0;
    m.each_features(features, Side::images, {0, batch}, [&](int64_t first, const Tensor& logits) {
      classes = logits.size(1);
      const Tensor log_p = log_softmax(logits, 1, nullptr), p = log_p.exp();
      for (int64_t s = 0; s < splits; ++s) {
        const int64_t begin = std::max(s * n / splits, first),
                      end = std::min((s + 1) * n / splits, first + logits.size(0));
        if (begin >= end) continue;
        const Tensor some = p.narrow(0, begin - first, end - begin);
        Tensor& sum = sums[static_cast<size_t>(s)];
        sum = sum ? sum + some.sum({0}) : some.sum({0});
        information[static_cast<size_t>(s)] += (some * log_p.narrow(0, begin - first, end - begin)).sum().item();
      }
    });
    for (int64_t s = 0; s < splits; ++s) {
      const auto k = static_cast<size_t>(s);
      const double count = static_cast<double>((s + 1) * n / splits - s * n / splits);
      const Tensor q = sums[k] * (1 / count);
      scores.push_back(std::exp(information[k] / count - (q * q.clamp(1e-300, 1).log()).sum().item()));
    }
    const Interval result = splits > 1 ? mean_interval(scores) : Interval{scores[0]};
    m.scalar("inception_score", result.value, result.low, result.high);
    if (splits > 1) m.scalar("inception_score_spread", standard_deviation(scores));
    m.protocol("numbers", std::to_string(classes) + " classes, " + std::to_string(n) + " images in " +
                              std::to_string(splits) + " splits, in order");
    if (splits > 1) m.protocol("interval", "95 %, over the splits");
  }

 private:
  static inline const Op log_softmax{"aten::log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor"};
};

BASIN_PLUGIN("inception_score", "0.1.0", "Apache-2.0", "The Inception Score.", basin::MetricComponent<InceptionScore>)
