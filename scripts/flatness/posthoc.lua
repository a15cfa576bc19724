-- Post-hoc EMA (supplement, section 2.3 and Table 2): FID over the width of the average, chosen after the training, and what
-- it does to LPF and under 4 bits. Writes posthoc.png.
local basin = require "basin"
local study, paper = require "study", require "paper"

local widths = { 0.03, 0.05, 0.08, 0.12, 0.2 }
local rows, curves = {}, {}
for _, method in ipairs { "adam", "sam" } do
  local curve, best = {}, nil
  for i, width in ipairs(widths) do
    local over = study.over_seeds(function(seed)
      local model, run = study.weights({ method, "pema" }, seed, { sigma_rel = width })
      return study.fid(model, run, 20).value
    end)
    local value = over.value
    curve[i] = value
    if not best or value < curve[best] then best = i end
    rows[#rows + 1] = { method, width, over, "", "", "" }
  end
  local cells = rows[#rows - #widths + best]
  cells[4], cells[5], cells[6] = study.over_seeds(function(seed)
    local model, run = study.weights({ method, "pema" }, seed, { sigma_rel = widths[best] })
    return study.fid(model, run, 100).value, study.lpf(model).value,
      study.fid(study.quantized(model, run, 4), run, 20).value
  end)
  rows[#rows + 1] = { "paper: " .. method, "best", paper.posthoc[method][1], paper.posthoc[method][2],
    method == "adam" and paper.posthoc.lpf or "-", method == "adam" and paper.posthoc.four_bits or "-" }
  curves[#curves + 1] = curve
end
print(basin.table {
  columns = { "", "sigma_rel", "FID, 20 steps", "FID, 100 steps", "LPF", "FID, 4 bits" }, rows = rows,
})
print "The best width is chosen by the FID at 20 steps that stands beside it: it flatters that number a little."
print("picture: " .. basin.tensor(curves):plot {
  path = "posthoc.png", x = widths, names = { "adam", "sam" }, title = "post-hoc EMA", x_label = "sigma_rel", y_label = "FID",
})
study.footer()
