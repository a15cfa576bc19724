-- basin.sweep: all points of a grid in an order that does not change, findings as columns, failures that stop nothing.
local basin = require "basin"
local toy = require "toy"

local seen = {}
local sweep = basin.sweep { b = { 1, 2 }, a = { "x", "y" }, fixed = 7 }
for point in sweep do
  seen[#seen + 1] = point.a .. point.b .. point.fixed
  point.sum = point.b + point.fixed
  point.tensor = basin.ones { 3 }  -- no cell
end
assert(table.concat(seen, " ") == "x17 x27 y17 y27")
assert(#sweep == 4 and sweep.count == 4 and sweep.points[3].sum == 8)
print(sweep)

-- A loop that was left begins anew.
for point in sweep do assert(point.point == 1) break end
for point in sweep do assert(point.point == 1) break end

-- One run folder each; a second time everything is loaded.
local function grid()
  local s = basin.sweep { lr = { 1e-3, 1e-2 }, steps = { 2 } }
  for point in s do
    local run = basin.run { name = "lr-" .. point.lr, device = "cpu" }
    point.loss = run:train {
      model = toy.tiny(), data = toy.data, process = toy.process, steps = point.steps, batch = 8,
      optimizer = basin.optimizer "adam" { lr = point.lr },
    }.loss
    point.folder = run.folder
  end
  return s
end
local first, again = grid(), grid()
assert(first.points[1].folder ~= first.points[2].folder)
for i = 1, 2 do assert(first.points[i].folder == again.points[i].folder and first.points[i].loss == again.points[i].loss) end

-- With a function, a point that fails is noted and the others go on.
local done = {}
local ok, message = pcall(basin.sweep, { n = { 1, 2, 3 } }, function(point)
  if point.n == 2 then error("two is bad", 0) end
  done[#done + 1] = point.n
  return { square = point.n ^ 2 }
end)
assert(not ok and message:find "1 of 3 points failed, the others are done; the first: two is bad", message)
assert(#done == 2 and done[2] == 3)
local squares = basin.sweep({ n = { 1, 2, 3 } }, function(point) return { square = point.n ^ 2 } end)
assert(squares.points[3].square == 9 and table.concat(squares.columns, " ") == "n square")

toy.refused("a sweep needs values to go over", function() basin.sweep {} end)
toy.refused("the values of 'rho' must be a list, and this one is empty", function() basin.sweep { rho = {} } end)
toy.refused("a sweep is over values by name", function() basin.sweep { { 1, 2 } } end)
toy.refused("'point' is the number of a sweep's point", function() basin.sweep { point = { 1 } } end)
