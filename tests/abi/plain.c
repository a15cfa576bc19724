/* The tables from plain C99: what a plugin written in C does. Called by services.cpp. */
#include <basin/basin.h>

basin_status plain_c_mean_of_squares(const basin_host* host, const float* values, int64_t n, double* out) {
  const basin_tensor_interface* tensors = host->get_interface(host, BASIN_TENSOR_INTERFACE);
  const basin_ops_interface* ops = host->get_interface(host, BASIN_OPS_INTERFACE);
  basin_tensor *x = 0, *square = 0, *mean = 0;
  basin_status status;
  if (!tensors || !ops) {
    host->set_error("this host lacks tensors");
    return BASIN_ERROR_ABI;
  }
  status = tensors->from_data(values, &n, 1, BASIN_FLOAT32, NULL, &x);
  if (status == BASIN_OK) status = ops->mul(x, x, &square);
  if (status == BASIN_OK) status = ops->mean(square, 0, 0, 0, &mean);
  if (status == BASIN_OK) status = tensors->item(mean, out);
  if (x) tensors->release(x);
  if (square) tensors->release(square);
  if (mean) tensors->release(mean);
  return status;
}
