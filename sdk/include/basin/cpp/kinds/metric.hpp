// metric.hpp: MetricComponent<T>.
//
//   void measure(Measurement&);     pulls images, losses or the model itself, and writes numbers and curves
#pragma once
#include "../process.hpp"
#include "../services.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

enum class Side : int32_t { images = BASIN_IMAGES, reference = BASIN_REFERENCE };  // measured; measured against

// Which items of a side, and how many are handled at once, which changes no number.
struct Items {
  int64_t limit = 0;  // at most so many, at equal distances; 0: all
  int64_t batch = 128;
};

class Measurement {
 public:
  explicit Measurement(basin_measurement* handle) : handle_(handle) {
    info_.size = sizeof info_;
    call<&basin_measurement_interface::info>(handle, &info_);
    if (info_.process) process = Process(info_.process);
    if (info_.denoiser) denoise = Denoiser(info_.denoiser);
    if (info_.parameters) parameters = Parameters(info_.parameters);
  }
  // Empty where no model is measured. Values of parameters that are changed are put back by the host.
  Process process;
  Denoiser denoise;
  Parameters parameters;

  int64_t n_images() const { return info_.n_images; }
  int64_t n_reference() const { return info_.n_reference; }
  int64_t channels() const { return info_.channels; }
  int64_t height() const { return info_.height; }
  int64_t width() const { return info_.width; }
  const Context& context() const { return *info_.context; }
  int32_t target() const { return info_.target; }                       // BASIN_TARGET_
  double gaussian_variance() const { return info_.gaussian_variance; }  // of the reference, or 0

  // Items [first, first + n): float32 [n,C,H,W] in the model's range; what is measured, and what it is measured
  // against.
  Tensor images(int64_t first, int64_t n) const { return items(Side::images, first, n); }
  Tensor reference(int64_t first, int64_t n) const { return items(Side::reference, first, n); }
  // Their features by the extractor that an option named: float32 [n,D].
  Tensor features(const Object& extractor, const Tensor& images) const {
    return detail::make<&basin_measurement_interface::features>(handle_, extractor.handle, images.handle());
  }
  // What the extractor is, with the hash of its weights: the same text where features are the same.
  std::string extractor(const Object& extractor) const {
    const char* text = nullptr;
    call<&basin_measurement_interface::extractor>(handle_, extractor.handle, &text);
    return text;
  }

  // Many items, a batch at a time, so that memory does not grow with their number. Of n items with a limit of `used`,
  // the i-th is i n / used.
  int64_t count(Side side, const Items& items = {}) const {
    const int64_t n = side == Side::images ? n_images() : n_reference();
    return items.limit ? std::min(items.limit, n) : n;
  }
  // visit(first, pixels [n,C,H,W]).
  template <class Visit>
  void each_batch(Side side, const Items& items, Visit&& visit) const {
    const int64_t n = count(side), used = count(side, items);
    for (int64_t first = 0; first < used; first += items.batch) {
      const int64_t size = std::min(items.batch, used - first);
      std::vector<Tensor> parts;
      if (used == n) parts.push_back(this->items(side, first, size));
      else
        for (int64_t i = first; i < first + size; ++i) parts.push_back(this->items(side, i * n / used, 1));
      visit(first, parts.size() == 1 ? parts[0] : cat(parts, 0));
      progress(side == Side::images ? "images" : "reference", first + size, used);
    }
  }
  // Pairs, image i beside reference item i: visit(first, x [n,C,H,W], y). Throws where there are not as many of each.
  template <class Visit>
  int64_t each_pair(int64_t batch, Visit&& visit) const {
    const int64_t n = n_images();
    if (n < 1 || n != n_reference())
      throw error("Pairs are compared, image i with image i of the reference, and there are " + std::to_string(n) +
                  " images and " + std::to_string(n_reference()) + " to compare them with: give as many of each.");
    each_batch(Side::images, {0, batch},
               [&](int64_t first, const Tensor& x) { visit(first, x, items(Side::reference, first, x.size(0))); });
    return n;
  }
  // visit(first, features [n,D] of double); without an extractor the pixels. Throws where one is infinite or not a
  // number.
  template <class Visit>
  void each_features(const Object& extractor, Side side, const Items& items, Visit&& visit) const {
    each_batch(side, items, [&](int64_t first, const Tensor& pixels) {
      const Tensor x = extractor ? features(extractor, pixels) : pixels.reshape({pixels.size(0), -1});
      const Tensor values = x.to(Type::float64);
      if (!std::isfinite(values.sum().item()))
        throw error(std::string(extractor ? "A feature" : "A pixel") + " of " +
                    (side == Side::images ? "images " : "reference items ") + std::to_string(first + 1) + " to " +
                    std::to_string(first + pixels.size(0)) +
                    " is infinite or not a number; look for such values in these items" +
                    (extractor ? ", or in the extractor's weights." : "."));
      visit(first, values);
    });
  }
  // All of them: [used,D] of double, in memory.
  Tensor all_features(const Object& extractor, Side side, const Items& items) const {
    std::vector<Tensor> parts;
    each_features(extractor, side, items, [&](int64_t, const Tensor& x) { parts.push_back(x); });
    return cat(parts, 0);
  }

  // Training losses [n] of reference items `ids` at levels [n] (empty: drawn uniformly), at the parameters as they
  // stand.
  Tensor losses(Sizes ids, Span<const double> levels = {}, uint64_t draw = 0) const {
    check_levels(ids, levels);
    return detail::make<&basin_measurement_interface::losses>(handle_, ids.data(), levels.data(), detail::count(ids),
                                                              draw);
  }

  // Of the mean of these losses: its gradient, and its Hessian times a direction; one float32 [numel] for each group of
  // parameters.
  std::vector<Tensor> gradient(Sizes ids, Span<const double> levels = {}, uint64_t draw = 0) const {
    check_levels(ids, levels);
    return by_group([&](basin_tensor** out, uint32_t n) {
      call<&basin_measurement_interface::gradient>(handle_, ids.data(), levels.data(), detail::count(ids), draw, out,
                                                   n);
    });
  }
  std::vector<Tensor> hessian_vector_product(Span<const Tensor> direction, Sizes ids, Span<const double> levels = {},
                                             uint64_t draw = 0) const {
    check_levels(ids, levels);
    return by_group([&](basin_tensor** out, uint32_t n) {
      call<&basin_measurement_interface::hessian_vector_product>(handle_, ids.data(), levels.data(), detail::count(ids),
                                                                 draw, detail::handles(direction.data()),
                                                                 uint32_t(direction.size()), out, n);
    });
  }

  // The first number is the metric's value. An estimate has an interval.
  void scalar(const std::string& name, double value) { scalar(name, value, std::nan(""), std::nan("")); }
  void scalar(const std::string& name, double value, double low, double high) {
    call<&basin_measurement_interface::scalar>(handle_, name.c_str(), value, low, high);
  }
  void curve(const std::string& name, const std::string& x_label, Span<const double> x, Span<const double> y,
             Span<const double> low = {}, Span<const double> high = {}) {
    if (y.size() != x.size() || (low.data() && low.size() != x.size()) || (high.data() && high.size() != x.size()))
      throw error("Curve '" + name + "' has " + std::to_string(x.size()) + " points, but not as many values.");
    call<&basin_measurement_interface::curve>(handle_, name.c_str(), x_label.c_str(), x.data(), y.data(), low.data(),
                                              high.data(), static_cast<uint32_t>(x.size()));
  }
  // z over x and y: rows of x.size() values, one for each y.
  void grid(const std::string& name, const std::string& x_label, Span<const double> x, const std::string& y_label,
            Span<const double> y, Span<const double> z, Span<const double> low = {}, Span<const double> high = {}) {
    const size_t n = x.size() * y.size();
    if (z.size() != n || (low.data() && low.size() != n) || (high.data() && high.size() != n))
      throw error("Grid '" + name + "' has " + std::to_string(y.size()) + " rows of " + std::to_string(x.size()) +
                  " points, but not as many values.");
    call<&basin_measurement_interface::grid>(handle_, name.c_str(), x_label.c_str(), x.data(), uint32_t(x.size()),
                                             y_label.c_str(), y.data(), uint32_t(y.size()), z.data(), low.data(),
                                             high.data());
  }
  // What someone must know to compare: protocol("features", "shapes_features, 32").
  void protocol(const std::string& key, const std::string& value) {
    call<&basin_measurement_interface::protocol>(handle_, key.c_str(), value.c_str());
  }

 private:
  Tensor items(Side side, int64_t first, int64_t n) const {
    return detail::make<&basin_measurement_interface::images>(handle_, static_cast<int32_t>(side), first, n);
  }
  static void check_levels(Sizes ids, Span<const double> levels) {
    if (!levels.empty() && levels.size() != ids.size())
      throw error(std::to_string(ids.size()) + " items, but " + std::to_string(levels.size()) + " noise levels.");
  }
  template <class F>
  std::vector<Tensor> by_group(F&& fill) const {
    std::vector<Tensor> out(parameters.size());
    fill(reinterpret_cast<basin_tensor**>(out.data()), uint32_t(out.size()));
    return out;
  }
  basin_measurement* handle_;
  basin_measurement_info info_{};
};

template <class T>
struct MetricComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_measurement_interface>;
  static constexpr basin_metric_functions functions{sizeof(basin_metric_functions), detail::create<T>,
                                                    detail::destroy<T>,
                                                    [](void* self, basin_measurement* m) -> basin_status {
                                                      return guard([&] {
                                                        Measurement measurement(m);
                                                        detail::self_of<T>(self).part.measure(measurement);
                                                      });
                                                    }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_METRIC_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
