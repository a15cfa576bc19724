// The tables of this room, for host.cpp to add.
#pragma once
#include <basin/autograd.h>
#include <basin/layer.h>
#include <basin/parameters.h>
#include <basin/state.h>

namespace basin {

extern const basin_tensor_interface tensor_interface;
extern const basin_ops_interface ops_interface;
extern const basin_autograd_interface autograd_interface;
extern const basin_random_interface random_interface;
extern const basin_state_interface state_interface;
extern const basin_parameters_interface parameters_interface;
extern const basin_layer_interface layer_interface;
extern const basin_log_interface log_interface;
extern const basin_parallel_interface parallel_interface;

std::vector<std::string> interface_ids();  // of all that were added, of every room

// operators.cpp, for tensor_interface
basin_status find_operator(const char* schema, const basin_op** out);
basin_status call_operator(const basin_op*, const basin_value* arguments, uint32_t n_arguments, basin_value* results,
                           uint32_t* n_results);
void release_opaque(void* opaque);

}  // namespace basin
