// metric.hpp: MetricComponent<T>.
//
//   void measure(Measurement&);     pulls images, losses or the model itself, and writes numbers and curves
#pragma once
#include "../process.hpp"
#include "../services.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

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
  Tensor images(int64_t first, int64_t n) const { return items(BASIN_IMAGES, first, n); }
  Tensor reference(int64_t first, int64_t n) const { return items(BASIN_REFERENCE, first, n); }
  // Their features by the extractor that an option named: float32 [n,D].
  Tensor features(const Object& extractor, const Tensor& images) const {
    return detail::make<&basin_measurement_interface::features>(handle_, extractor.handle, images.handle());
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
  Tensor items(int32_t side, int64_t first, int64_t n) const {
    return detail::make<&basin_measurement_interface::images>(handle_, side, first, n);
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
