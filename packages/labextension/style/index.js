import 'uplot/dist/uPlot.min.css';
import '@labkeeper/resource-meter/style/base.css';
import '@labkeeper/resource-meter/style/deaths.css';
import '@labkeeper/resource-meter/style/help.css';
import '@labkeeper/save-guard/style/base.css';
import '@labkeeper/save-guard/style/compare.css';
import '@labkeeper/package-installer/style/base.css';
import '@labkeeper/package-installer/style/outgoing.css';
