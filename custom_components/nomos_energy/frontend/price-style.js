/** Styles of the price card. Levels differ by colour and by pattern. */

export const STYLE = `
:host { --q0: var(--success-color, #2e7d32);
  --q1: color-mix(in srgb, var(--success-color, #2e7d32) 60%, var(--card-background-color, #fff));
  --q2: color-mix(in srgb, var(--secondary-text-color) 50%, var(--card-background-color, #fff));
  --q3: var(--warning-color, #ffa600); --q4: var(--error-color, #db4437); }
.head { display: grid; gap: 2px; }
.value { font-size: 2.75rem; font-weight: 500; line-height: 1.1; font-variant-numeric: tabular-nums; }
.unit { font-size: 1.125rem; color: var(--secondary-text-color); }
.level { display: flex; align-items: center; flex-wrap: wrap; gap: 0 8px; font-weight: 500; }
.level .quiet { font-weight: 400; font-size: 1rem; }
.swatch { width: 16px; height: 16px; flex: none; }
.days { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px 24px; }
@container (min-width: 640px) { .days { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
.day { display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; align-content: start; min-width: 0; }
.chart { position: relative; touch-action: pan-y; cursor: crosshair; border-radius: 8px;
  min-height: 180px; -webkit-user-select: none; user-select: none; }
.chart svg { display: block; }
.readout { min-height: 2.8em; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.empty { display: grid; place-items: center; text-align: center; min-height: 180px; padding: 0 24px;
  border: 1px dashed var(--divider-color); border-radius: 8px; box-sizing: border-box; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 0.8125rem;
  color: var(--secondary-text-color); }
.legend li { display: inline-flex; align-items: center; gap: 6px; }
text { font: 11px var(--ha-font-family-body, Roboto, sans-serif); fill: var(--secondary-text-color); }
.line { stroke: var(--divider-color); } .zero { stroke: var(--secondary-text-color); }
.scale { fill: var(--primary-text-color); paint-order: stroke; stroke: var(--card-background-color, #fff); stroke-width: 3px; }
.bar.q0 { fill: var(--q0); } .bar.q1 { fill: var(--q1); } .bar.q2 { fill: var(--q2); }
.bar.q3 { fill: var(--q3); } .bar.q4 { fill: var(--q4); }
.over { opacity: 0.4; }
.bar.unknown { fill: none; } .pattern { fill: none; }
.pattern.q0 { fill: url(#flatter); } .pattern.q1 { fill: url(#flat); }
.pattern.q3 { fill: url(#sparse); } .pattern.q4 { fill: url(#dense); }
.pattern.unknown { fill: url(#drawn); opacity: 0.3; }
.cut { stroke: var(--card-background-color, #fff); stroke-opacity: 0.65; }
.drawn { stroke: var(--primary-text-color); }
.fee { fill: color-mix(in srgb, var(--secondary-text-color) 22%, var(--card-background-color, #fff)); }
.fee.low { fill: none; stroke: var(--secondary-text-color); }
.fee.high { fill: var(--secondary-text-color); }
.fee-label { text-anchor: middle; fill: var(--primary-text-color); font-size: 10px; }
.fee-label.high { fill: var(--card-background-color, #fff); }
.load { fill: var(--primary-color); stroke: var(--primary-color); stroke-width: 1.5; }
.load.planned, .load.done { fill-opacity: 0.55; }
.load.provisional { fill: none; stroke-dasharray: 4 3; }
.load.switched_by_hand { fill: url(#drawn); }
.load.cannot_finish { fill: url(#drawn); stroke: var(--error-color, #db4437); }
.load.disabled, .load.waiting_for_meter { fill: none; stroke: var(--divider-color); }
.load-name { fill: var(--primary-text-color); } .load-name.left { text-anchor: end; }
.found { fill: none; stroke: var(--primary-text-color); stroke-width: 2; }
.now { stroke: var(--primary-text-color); stroke-width: 2; }
.now-label { fill: var(--primary-text-color); font-weight: 600; }
.hour { text-anchor: middle; } .hour.first { text-anchor: start; }
.cursor { fill: none; stroke: var(--primary-text-color); stroke-width: 1.5; }
.cursor[width="0.0"], .cursor[width="0"] { display: none; }
.loads { list-style: none; display: grid; gap: 4px; }
.loads button { width: 100%; min-height: 44px; display: grid; grid-template-columns: 24px 1fr;
  gap: 0 12px; align-items: center; text-align: start; border: 0; background: none; font: inherit;
  color: inherit; padding: 4px 0; cursor: pointer; border-radius: 8px; }
.loads button:hover { background: color-mix(in srgb, var(--primary-text-color) 8%, transparent); }
.loads .quiet { grid-column: 2; }
.window { display: grid; gap: 4px; border-top: 1px solid var(--divider-color); padding-top: 12px; }
.choice { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; }
select { font: inherit; min-height: 44px; padding: 0 12px; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--secondary-text-color); color: var(--primary-text-color);
  background: var(--card-background-color, #fff); }
.result { font-weight: 500; min-height: 1.4em; font-variant-numeric: tabular-nums; }
summary { min-height: 44px; display: flex; align-items: center; cursor: pointer; border-radius: 8px;
  font-weight: 500; }
summary::before { content: "▸"; width: 1.25em; } [open] > summary::before { content: "▾"; }
.scroll { max-height: 360px; overflow: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--divider-color); }
td.number, th.number { text-align: end; }
th { font-weight: 500; position: sticky; top: 0; background: var(--card-background-color, #fff); }
@media (forced-colors: active) {
  .bar, .fee, .load { forced-color-adjust: none; stroke: CanvasText; stroke-width: 0.5; }
  .bar.q0, .bar.q1, .bar.q2, .bar.q3, .bar.q4 { fill: Canvas; } .cut, .drawn { stroke: CanvasText; }
  .fee.high { fill: Canvas; stroke-width: 2; }
  .bar.q0 { fill: Highlight; } .bar.q1 { fill: color-mix(in srgb, Highlight 50%, Canvas); }
  text { fill: CanvasText; } .now, .cursor, .found { stroke: CanvasText; }
}
`;
