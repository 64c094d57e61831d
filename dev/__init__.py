"""The demo hub: `npm start`."""
